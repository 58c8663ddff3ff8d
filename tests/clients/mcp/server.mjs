// SPDX-License-Identifier: MIT
/*
 * An MCP server over stdio: an org's actions as tools, each call a job. It needs no more of Bellhop than the tool:
 *
 *     BELLHOP_ORG=acme BELLHOP_REDIS_URL=redis://127.0.0.1:6379/0 BELLHOP=build/bellhop node server.mjs
 *
 * Needs @modelcontextprotocol/sdk 1. What has to be confirmed is asked of the person at the client where that can ask
 * (elicitation); no token is ever shown to the model.
 */
import { execFile } from 'node:child_process';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CallToolRequestSchema, ErrorCode, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/* Runs the tool. Its exit status says how a call ended, and its standard output has the reply all the same. */
function bellhop(...words) {
  return new Promise((resolve, reject) => {
    execFile(process.env.BELLHOP ?? 'bellhop', ['--json', ...words], { maxBuffer: MAX_OUTPUT_BYTES }, (error, out, err) =>
      out ? resolve(parse(out)) : reject(new Error(err || String(error))));
  });
}

/* JSON, where an integer that JavaScript would round becomes a string of its digits. Strings are skipped as they are. */
function parse(text) {
  const digits = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;
  return JSON.parse(text.replace(digits, (found) => (found[0] === '"' ? found : `"${found}"`)));
}

const text = (words) => [{ type: 'text', text: words }];

/* What a model is told: all that it needs to go on, or to do better the next time. */
function result(reply) {
  if (reply.status === 'succeeded') {
    const structured = reply.output !== null && typeof reply.output === 'object' && !Array.isArray(reply.output);
    return { content: text(JSON.stringify(reply.output)), ...(structured && { structuredContent: reply.output }) };
  }
  if (reply.status === 'failed') {
    const { code, message, details } = reply.error;
    return { isError: true, content: text(JSON.stringify({ code, message, details, sent: reply.sent })) };
  }
  const why = reply.status === 'declined' ? 'A person declined this call.' : 'A person has to approve this call first.';
  return { isError: true, content: text(why) };
}

async function decide(server, { token, title, request }) {
  if (!server.getClientCapabilities()?.elicitation) return null;
  const message = `${title}\n\n${request.method} ${request.url}\n${request.body ?? ''}`;
  const { action } = await server.elicitInput({ message, requestedSchema: { type: 'object', properties: {} } });
  if (action === 'cancel') return null;
  return bellhop(action === 'accept' ? 'approve' : 'decline', token);
}

const server = new Server({ name: 'bellhop', version: '1.0.0' }, { capabilities: { tools: {} } });

server.setRequestHandler(ListToolsRequestSchema, () => bellhop('tools', '--format', 'mcp'));

server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
  const { tools } = await bellhop('tools', '--format', 'names');
  const tool = tools.find(({ name }) => name === params.name);
  if (!tool) throw new McpError(ErrorCode.InvalidParams, `there is no tool ${params.name}`);
  const inputs = JSON.stringify(params.arguments ?? {});
  const reply = await bellhop('call', `${tool.integration}/${tool.action}`, '--inputs', inputs);
  if (reply.status !== 'confirmation_pending') return result(reply);
  return result((await decide(server, reply.confirmation)) ?? reply);
});

await server.connect(new StdioServerTransport());
