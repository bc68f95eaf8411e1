// What a browser asks before it lets a page speak gRPC-Web with the node, with the headers that the client really sends.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Interceptor } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';

import { Devnet, URL } from './devnet.js';

/** A page of this machine, as a wallet in development is, and one of elsewhere. */
const PAGE = 'http://localhost:3000';
const FOREIGN = 'https://wallet.example';

/** Headers of the answer to a preflight of a page. */
async function preflight(origin: string, path: string, headers: string[]): Promise<Headers> {
  const answer = await fetch(`${URL}/nakamoto.v1.${path}`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': headers.join(','),
    },
  });
  assert(answer.ok, String(answer.status));
  return answer.headers;
}

const list = (text: string | null) => (text ?? '').split(',').map(name => name.trim().toLowerCase());

describe('a browser', () => {
  test('lets a page of this machine read, submit and follow', async () => {
    const sent = new Set<string>();
    const answered = new Map<string, Headers>();
    const watch: Interceptor = next => async request => {
      request.header.forEach((_, name) => sent.add(name.toLowerCase()));
      request.header.set('origin', PAGE);
      const response = await next(request);
      answered.set(request.method.name, response.header);
      return response;
    };
    const devnet = new Devnet(createGrpcWebTransport({ baseUrl: URL, interceptors: [watch] }));
    await devnet.blocks.getTip({}, { timeoutMs: 60_000 });
    const stream = devnet.frames({ filter: { all: true } });
    assert.equal((await stream.next()).value?.body.case, 'started');
    await stream.return(undefined);

    assert(sent.has('content-type') && sent.has('x-grpc-web') && sent.has('grpc-timeout'), [...sent].join());
    for (const path of ['BlockService/GetTip', 'TransactionService/SubmitTransaction', 'EventService/Subscribe']) {
      const headers = await preflight(PAGE, path, [...sent]);
      assert.equal(headers.get('access-control-allow-origin'), PAGE);
      assert(list(headers.get('access-control-allow-methods')).includes('post'));
      const allowed = list(headers.get('access-control-allow-headers'));
      assert.deepEqual([...sent].filter(name => !allowed.includes(name)), []);
    }
    for (const [method, headers] of answered) {
      assert.equal(headers.get('access-control-allow-origin'), PAGE, method);
      assert(list(headers.get('access-control-expose-headers')).includes('grpc-status'), method);
    }
    assert.deepEqual([...answered.keys()], ['GetTip', 'Subscribe']);
  });

  test('lets no page of elsewhere call, submit or change the mocks', async () => {
    for (const path of ['TransactionService/SubmitTransaction', 'AdminService/MineBlocks', 'TemplateService/RequestTemplate']) {
      const names = ['content-type', 'x-grpc-web'];
      assert.equal((await preflight(FOREIGN, path, names)).get('access-control-allow-origin'), null, path);
      assert.equal((await preflight(PAGE, path, names)).get('access-control-allow-origin'), PAGE, path);
      const headers = { origin: FOREIGN, 'content-type': 'application/grpc-web+proto' };
      const answer = await fetch(`${URL}/nakamoto.v1.${path}`, { method: 'POST', headers, body: new Uint8Array(5) });
      assert.equal(answer.status, 403, path);
    }
  });
});
