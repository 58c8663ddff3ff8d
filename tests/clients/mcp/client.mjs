// SPDX-License-Identifier: MIT
/*
 * The official client at the other end of server.mjs: lists the tools, and calls those that the arguments name, each with its
 * inputs as JSON. Prints `{"tools": […], "results": […]}`. ANSWER is what the person says where one is asked.
 */
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const answer = process.env.ANSWER;
const asked = [];
const client = new Client({ name: 'tests', version: '1.0.0' }, { capabilities: answer ? { elicitation: {} } : {} });
if (answer)
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    asked.push(params.message);
    return answer === 'accept' ? { action: answer, content: {} } : { action: answer };
  });

const server = fileURLToPath(new URL('server.mjs', import.meta.url));
await client.connect(new StdioClientTransport({ command: process.execPath, args: [server], env: process.env }));
try {
  // The client compiles each outputSchema here, and holds each result against it below.
  const { tools } = await client.listTools();
  const results = [];
  for (let i = 2; i < process.argv.length; i += 2) {
    const call = { name: process.argv[i], arguments: JSON.parse(process.argv[i + 1]) };
    results.push(await client.callTool(call).catch((error) => ({ refused: error.message })));
  }
  console.log(JSON.stringify({ tools, results, asked }));
} finally {
  await client.close();
}
