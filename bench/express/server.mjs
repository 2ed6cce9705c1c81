// What ours is compared with: the same list, the same invocation of list-skeletons, the same token check, the same log.
//
//   node server.mjs PORT BACKSTAGE_URL LIST_FILE SKELETONS_FOLDER     in a folder that has the packages
import { createRequire } from 'node:module';
import { readFile, readdir } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';

const require = createRequire(`${process.cwd()}/`);
const express = require('express');
const { createRemoteJWKSet, decodeJwt, jwtVerify } = require('jose');
const { z } = require('zod');

const [port, backstage, listFile, skeletons] = process.argv.slice(2);
const list = await readFile(listFile);
const userKeys = createRemoteJWKSet(new URL(`${backstage}/api/auth/.well-known/jwks.json`));
const pluginKeys = new Map();

function keysOf(plugin) {
  if (!/^[a-z0-9_-]+$/.test(plugin)) throw new Error('not a plugin');
  if (!pluginKeys.has(plugin)) {
    const address = new URL(`${backstage}/api/${plugin}/.backstage/auth/v1/jwks.json`);
    pluginKeys.set(plugin, createRemoteJWKSet(address));
  }
  return pluginKeys.get(plugin);
}

async function caller(request) {
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  const rules = { algorithms: ['ES256'], requiredClaims: ['iat', 'exp', 'sub'] };
  const { payload } = await jwtVerify(token, keysOf(decodeJwt(token).sub), {
    ...rules,
    typ: 'vnd.backstage.plugin',
    audience: 'scenedock',
  });
  if (!payload.obo) return { plugin: payload.sub };
  const user = await jwtVerify(payload.obo, userKeys, { ...rules, typ: 'vnd.backstage.limited-user' });
  return { plugin: payload.sub, user: user.payload.sub };
}

const app = express();
app.get('/healthz', (_request, response) => response.json({ status: 'ok' }));
app.use(express.json());
app.use(async (request, response, next) => {
  const began = process.hrtime.bigint();
  try {
    request.caller = await caller(request);
  } catch (error) {
    response.status(401).json({ error: { name: 'AuthenticationError', message: error.message } });
    return;
  }
  response.set({
    'X-Request-Id': randomUUID(),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
  });
  response.on('finish', () => {
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    const line = { time: new Date().toISOString(), method: request.method, path: request.path, seconds };
    process.stdout.write(`${JSON.stringify({ ...line, status: response.statusCode, ...request.caller })}\n`);
  });
  next();
});

app.get('/api/scenedock/.backstage/actions/v1/actions', (_request, response) => {
  response.type('application/json').send(list);
});

const Input = z.object({ name: z.string().nullish(), answers: z.record(z.any()).nullish() }).strict();

app.post('/api/scenedock/.backstage/actions/v1/actions/:id/invoke', async (request, response) => {
  Input.parse(request.body);
  const names = [];
  for (const name of (await readdir(skeletons)).sort()) {
    const text = await readFile(`${skeletons}/${name}/cookiecutter.json`).catch(() => undefined);
    if (!text) continue;
    const purpose = (JSON.parse(text)._scenedock?.purpose ?? '').split('\n')[0];
    names.push({ name, purpose, git: '', ref: '', directory: name, allowed: [] });
  }
  response.json({ output: { skeletons: names, questions: null } });
});

const server = app.listen(Number(port), '127.0.0.1');
server.keepAliveTimeout = 75_000;
