// SPDX-License-Identifier: MIT
/*
 * An OAuth server that nobody here wrote (oidc-provider), with the two grants that service accounts use: client credentials, which it
 * has, and the assertion of RFC 7523, whose claims and signature `jose` checks. `/api` answers who holds the token that was brought.
 *
 *   node server.mjs 'CONFIGURATION'      prints its origin when it listens
 *
 * CONFIGURATION is JSON: `clients` as oidc-provider has them, `keys`: an object for each `iss` with the public key as PEM (`spki`), `alg`
 * and `kid`.
 */
import http from 'node:http';

import { importSPKI, jwtVerify } from 'jose';
import { Provider, errors } from 'oidc-provider';

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const configuration = JSON.parse(process.argv[2]);
const server = http.createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;
const seen = new Set(); // ids of assertions
const subjects = new Map(); // of tokens

const provider = new Provider(origin, {
  // Whoever brings an assertion is known by it: the server knows it as one public client.
  clients: [
    ...configuration.clients.map((client) => ({
      grant_types: ['client_credentials'], redirect_uris: [], response_types: [], ...client,
    })),
    { client_id: 'bearers', token_endpoint_auth_method: 'none', grant_types: [GRANT], redirect_uris: [], response_types: [] },
  ],
  scopes: ['tickets:read', 'tickets:write'],
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => `${origin}/api`,
      getResourceServerInfo: () => ({ scope: 'tickets:read tickets:write', accessTokenFormat: 'opaque', accessTokenTTL: 600 }),
      useGrantedResource: () => true,
    },
  },
  jwks: configuration.jwks,
});

async function checked(assertion) {
  const verify = async (header, token) => {
    const claims = JSON.parse(Buffer.from(token.payload, 'base64url'));
    const key = configuration.keys[claims.iss];
    if (!key || header.kid !== key.kid) throw new Error('nobody has this key');
    return importSPKI(key.spki, key.alg);
  };
  const { payload } = await jwtVerify(assertion, verify, {
    audience: `${origin}/token`, requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat', 'jti'], algorithms: ['RS256', 'ES256'], maxTokenAge: '1h',
  });
  if (payload.exp - payload.iat > 3600) throw new Error('it lives too long');
  if (seen.has(payload.jti)) throw new Error('it was used before');
  seen.add(payload.jti);
  return payload;
}

async function byAssertion(ctx, next) {
  let claims;
  try {
    claims = await checked(ctx.oidc.params.assertion);
  } catch (error) {
    throw new errors.InvalidGrant(error.message);
  }
  const { ClientCredentials } = provider;
  const token = new ClientCredentials({ client: ctx.oidc.client, scope: ctx.oidc.params.scope });
  const value = await token.save();
  subjects.set(value, claims.sub);
  ctx.body = { access_token: value, token_type: 'Bearer', expires_in: token.expiration };
  await next();
}
provider.registerGrantType(GRANT, byAssertion, ['assertion', 'scope']);

// RFC 7523, section 2.1: a client need not name itself.
provider.use(async (ctx, next) => {
  if (ctx.path === '/token' && ctx.method === 'POST') {
    const chunks = [];
    for await (const chunk of ctx.req) chunks.push(chunk);
    const body = new URLSearchParams(Buffer.concat(chunks).toString());
    if (body.get('grant_type') === GRANT && !body.has('client_id')) body.set('client_id', 'bearers');
    ctx.req.body = Object.fromEntries(body);
  }
  if (ctx.path === '/api') {
    const [, value] = ctx.get('authorization').match(/^Bearer (.+)$/) || [];
    const token = await provider.ClientCredentials.find(value);
    ctx.status = token ? 200 : 401;
    ctx.body = token ? { client: token.clientId, scope: token.scope ?? null, sub: subjects.get(value) ?? null } : { error: 'invalid_token' };
    return;
  }
  await next();
});
provider.on('server_error', (ctx, error) => console.error(error));
server.on('request', provider.callback());
console.log(origin);
