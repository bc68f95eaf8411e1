// The example contracts of `tests/contracts`, published and called by stacks.js with its defaults: what they are for, and what they
// refuse.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';

import { Cl, type ClarityValue, ClarityVersion, Pc } from '@stacks/transactions';

import { account } from './devnet.js';
import { call, contractId, deployer, type Mined, publish, read, transfer, ustx } from './contracts.js';

// In an order in which each finds those that it names.
const CONTRACTS = [
  'sip-009-trait', 'sip-010-trait', 'dao-trait', 'strategy-trait',
  'coin', 'deed', 'marketplace', 'amm', 'dao', 'proposal-fee', 'proposal-grant', 'proposal-greedy',
  'bitcoin-reader', 'vault', 'strategy-modest', 'strategy-greedy', 'strategy-thief',
];

const [alice, bob, carol] = ['wallet_3', 'wallet_4', 'wallet_5'].map(account);
const coin = contractId('coin');
const deed = contractId('deed');
const market = contractId('marketplace');
const amm = contractId('amm');
const dao = contractId('dao');
const vault = contractId('vault');

/** That it did what it is for. */
function succeeded(mined: Mined, result: ClarityValue, ...events: string[]) {
  assert.deepEqual([mined.status, Cl.stringify(mined.result), mined.events], ['success', Cl.stringify(Cl.ok(result)), events]);
}

/** That the contract refused it: nothing was moved or printed. */
function refused(mined: Mined, error: number) {
  const expected = ['abort_by_response', Cl.stringify(Cl.error(Cl.uint(error))), []];
  assert.deepEqual([mined.status, Cl.stringify(mined.result), mined.events], expected);
}

/** That a post-condition undid it: the result is what it would have been, and nothing was moved. */
function undone(mined: Mined, result: ClarityValue) {
  const expected = ['abort_by_post_condition', Cl.stringify(Cl.ok(result)), []];
  assert.deepEqual([mined.status, Cl.stringify(mined.result), mined.events], expected);
}

const coins = async (who: string) => ((await read('coin.get-balance', [Cl.principal(who)])) as { value: { value: bigint } }).value.value;
const mint = (to: string, amount: number) => call(deployer, 'coin.mint', [Cl.uint(amount), Cl.principal(to)]);
const sent = (who: string) => Pc.principal(who);

before(async () => {
  const text = (name: string) => readFileSync(join(process.env.CONTRACTS!, `${name}.clar`), 'utf8');
  await publish(CONTRACTS.map(name => [name, text(name)]), { 'bitcoin-reader': ClarityVersion.Clarity6 });
  await publish([['other-deed', text('deed')]]);
});

describe('a fungible token', () => {
  const give = (amount: number, more = {}, by = alice) =>
    call(by, 'coin.transfer', [Cl.uint(amount), Cl.principal(alice.address), Cl.principal(bob.address), Cl.none()], more);

  before(async () => {
    succeeded(await mint(alice.address, 1000), Cl.bool(true), `1000 coin > ${alice.address}`);
  });

  test('is minted by its minter alone and moved by its owner alone', async () => {
    refused(await call(alice, 'coin.mint', [Cl.uint(1), Cl.principal(alice.address)]), 401);
    refused(await give(1, { postConditionMode: 'allow' }, bob), 401);
    const memo = Cl.some(Cl.bufferFromUtf8('rent'));
    const moved = await call(alice, 'coin.transfer', [Cl.uint(40), Cl.principal(alice.address), Cl.principal(bob.address), memo], {
      postConditions: [sent(alice.address).willSendEq(40).ft(coin, 'coin')],
    });
    succeeded(moved, Cl.bool(true), `40 coin ${alice.address} > ${bob.address}`, 'coin: 0x72656e74');
    assert.deepEqual([await coins(alice.address), await coins(bob.address)], [960n, 40n]);
    assert.deepEqual(await read('coin.get-total-supply'), Cl.ok(Cl.uint(1000)));
  });

  test('does not leave who has not said so, in the mode deny', async () => {
    undone(await give(10), Cl.bool(true));
    undone(await give(10, { postConditions: [sent(alice.address).willSendLt(10).ft(coin, 'coin')] }), Cl.bool(true));
    // What is promised of others does not cover it.
    undone(await give(10, { postConditions: [sent(alice.address).willSendEq(0).ustx()] }), Cl.bool(true));
    assert.equal(await coins(alice.address), 960n);
    succeeded(await give(10, { postConditions: [Pc.origin().willSendLte(10).ft(coin, 'coin')] }), Cl.bool(true), `10 coin ${alice.address} > ${bob.address}`);
  });

  test('leaves without a word in the mode allow, but not against one', async () => {
    succeeded(await give(5, { postConditionMode: 'allow' }), Cl.bool(true), `5 coin ${alice.address} > ${bob.address}`);
    const promise = { postConditionMode: 'allow', postConditions: [sent(alice.address).willSendGt(5).ft(coin, 'coin')] };
    undone(await give(5, promise), Cl.bool(true));
    // Nor does a promise hold of a call that fails, and so moves nothing.
    const failed = await give(0, promise);
    assert.deepEqual([failed.status, Cl.stringify(failed.result)], ['abort_by_post_condition', '(err u3)']);
  });
});

describe('a marketplace', () => {
  const [seller, buyer, stranger] = [alice, bob, carol];
  const traded = Cl.principal(deed);
  const price = 1_000_000;

  /** A new deed of the seller's, on the market; its number is that of the listing. */
  async function listed(): Promise<number> {
    const made = await call(seller, 'deed.make');
    const id = Number((made.result as { value: { value: bigint } }).value.value);
    succeeded(made, Cl.uint(id), `deed u${id} > ${seller.address}`);
    const more = { postConditions: [sent(seller.address).willSendAsset().nft(`${deed}::deed`, Cl.uint(id))] };
    const listing = await call(seller, 'marketplace.list-token', [traded, Cl.uint(id), Cl.uint(price)], more);
    assert.equal(listing.status, 'success', Cl.stringify(listing.result));
    assert.equal(listing.events[0], `deed u${id} ${seller.address} > ${market}`);
    assert.deepEqual(listing.result, Cl.ok(Cl.uint(id)));
    return id;
  }
  const owner = (id: number) => read('deed.get-owner', [Cl.uint(id)]);
  const buy = (id: number, more = {}) => call(buyer, 'marketplace.buy', [traded, Cl.uint(id)], more);
  const pays = sent(buyer.address).willSendEq(price).ustx();
  const handsOver = (id: number) => sent(market).willSendAsset().nft(`${deed}::deed`, Cl.uint(id));

  test('sells for the price, of which it keeps two percent', async () => {
    const id = await listed();
    const before = [await ustx(seller.address), await ustx(deployer.address)];
    const sold = await buy(id, { postConditions: [pays, handsOver(id)] });
    assert.equal(sold.status, 'success', Cl.stringify(sold.result));
    assert.deepEqual(sold.events.slice(0, 3), [
      `980000 ustx ${buyer.address} > ${seller.address}`,
      `20000 ustx ${buyer.address} > ${deployer.address}`,
      `deed u${id} ${market} > ${buyer.address}`,
    ]);
    assert.match(sold.events[3], /^marketplace: .*"sold"/);
    assert.deepEqual([await ustx(seller.address), await ustx(deployer.address)], [before[0] + 980_000n, before[1] + 20_000n]);
    assert.deepEqual(await owner(id), Cl.ok(Cl.some(Cl.principal(buyer.address))));
    assert.deepEqual(await read('marketplace.get-listing', [Cl.uint(id)]), Cl.none());
    refused(await buy(id, { postConditionMode: 'allow' }), 404);
  });

  test('is held to what the buyer has promised, mode by mode', async () => {
    const id = await listed();
    const all = Cl.bool(true);
    // In the mode deny the marketplace's part must be promised, too.
    undone(await buy(id, { postConditions: [pays] }), all);
    undone(await buy(id, { postConditions: [handsOver(id)] }), all);
    // Too dear, or another token, or not this one.
    undone(await buy(id, { postConditions: [sent(buyer.address).willSendLt(price).ustx(), handsOver(id)] }), all);
    undone(await buy(id, { postConditions: [pays, handsOver(id + 1)] }), all);
    const stays = sent(market).willNotSendAsset().nft(`${deed}::deed`, Cl.uint(id));
    undone(await buy(id, { postConditionMode: 'allow', postConditions: [stays] }), all);
    // The mode originator asks for promises about the buyer alone.
    undone(await buy(id, { postConditionMode: 'originator', postConditions: [handsOver(id)] }), all);
    assert.deepEqual(await owner(id), Cl.ok(Cl.some(Cl.principal(market))));
    assert.equal((await buy(id, { postConditionMode: 'originator', postConditions: [pays] })).status, 'success');
    assert.deepEqual(await owner(id), Cl.ok(Cl.some(Cl.principal(buyer.address))));
  });

  test('hands over the token that was listed, and no namesake', async () => {
    const id = await listed();
    const other = Cl.principal(contractId('other-deed'));
    refused(await call(buyer, 'marketplace.buy', [other, Cl.uint(id)], { postConditionMode: 'allow' }), 400);
    refused(await call(seller, 'marketplace.cancel', [other, Cl.uint(id)], { postConditionMode: 'allow' }), 400);
    assert.deepEqual(await owner(id), Cl.ok(Cl.some(Cl.principal(market))));
  });

  test('takes a promise that a token may be sent', async () => {
    const id = await listed();
    const may = sent(market).willMaybeSendAsset().nft(`${deed}::deed`, Cl.uint(id));
    assert.equal((await buy(id, { postConditions: [pays, may] })).status, 'success');
  });

  test('lists only what the seller has, and gives back to the seller alone', async () => {
    const id = await listed();
    refused(await call(stranger, 'marketplace.list-token', [traded, Cl.uint(id), Cl.uint(1)], { postConditionMode: 'allow' }), 1);
    refused(await call(seller, 'marketplace.list-token', [traded, Cl.uint(id), Cl.uint(0)]), 405);
    refused(await call(stranger, 'marketplace.cancel', [traded, Cl.uint(id)], { postConditionMode: 'allow' }), 403);
    const back = await call(seller, 'marketplace.cancel', [traded, Cl.uint(id)], { postConditions: [handsOver(id)] });
    succeeded(back, Cl.bool(true), `deed u${id} ${market} > ${seller.address}`);
  });
});

describe('an exchange', () => {
  const reserves = async () => {
    const { ustx, coins } = ((await read('amm.get-reserves')) as unknown as { value: Record<string, { value: bigint }> }).value;
    return [BigInt(ustx.value), BigInt(coins.value)] as const;
  };
  const pays = (amount: number) => sent(alice.address).willSendEq(amount).ustx();
  const gives = (least: number) => sent(amm).willSendGte(least).ft(coin, 'coin');

  before(async () => {
    await mint(deployer.address, 2_000_000);
    const made = await call(deployer, 'amm.add-liquidity', [Cl.uint(1_000_000), Cl.uint(2_000_000)], {
      postConditions: [sent(deployer.address).willSendEq(1_000_000).ustx(), sent(deployer.address).willSendLte(2_000_000).ft(coin, 'coin')],
    });
    succeeded(
      made, Cl.uint(1_414_213),
      `1000000 ustx ${deployer.address} > ${amm}`, `2000000 coin ${deployer.address} > ${amm}`, `1414213 share > ${deployer.address}`,
    );
  });

  test('sells coins at the price of its reserves, less the fee, and its product does not fall', async () => {
    // 10,000 · 0.997 · 2,000,000 / (1,000,000 + 9,970)
    const bought = await call(alice, 'amm.buy-coins', [Cl.uint(10_000), Cl.uint(19_743)], { postConditions: [pays(10_000), gives(19_743)] });
    succeeded(
      bought, Cl.uint(19_743),
      `10000 ustx ${alice.address} > ${amm}`, `19743 coin ${amm} > ${alice.address}`, bought.events[2],
    );
    assert.match(bought.events[2], /^amm: .*"swap"/);
    const [ustx, coins] = await reserves();
    assert.deepEqual([ustx, coins], [1_010_000n, 1_980_257n]);
    assert(ustx * coins >= 1_000_000n * 2_000_000n);
  });

  test('refuses a price worse than the one that was agreed to, as do post-conditions', async () => {
    const before = await reserves();
    refused(await call(alice, 'amm.buy-coins', [Cl.uint(10_000), Cl.uint(19_743)], { postConditionMode: 'allow' }), 403);
    const greedy = { postConditions: [pays(10_000), gives(19_743)] };
    const undoneSwap = await call(alice, 'amm.buy-coins', [Cl.uint(10_000), Cl.uint(0)], greedy);
    assert.equal(undoneSwap.status, 'abort_by_post_condition');
    refused(await call(alice, 'amm.sell-coins', [Cl.uint(1000), Cl.uint(1000)], { postConditionMode: 'allow' }), 403);
    refused(await call(alice, 'amm.add-liquidity', [Cl.uint(1000), Cl.uint(1)], { postConditionMode: 'allow' }), 403);
    refused(await call(alice, 'amm.set-fee', [Cl.uint(0)]), 401);
    assert.deepEqual(await reserves(), before);
  });

  test('buys coins back, and gives shares their part', async () => {
    const sold = await call(alice, 'amm.sell-coins', [Cl.uint(1000), Cl.uint(500)], {
      postConditions: [sent(alice.address).willSendEq(1000).ft(coin, 'coin'), sent(amm).willSendGte(500).ustx()],
    });
    assert.equal(sold.status, 'success', Cl.stringify(sold.result));
    const [ustx, coins] = await reserves();
    const left = await call(deployer, 'amm.remove-liquidity', [Cl.uint(1_414_213)], {
      postConditions: [
        sent(deployer.address).willSendEq(1_414_213).ft(amm, 'share'),
        sent(amm).willSendEq(ustx).ustx(),
        sent(amm).willSendEq(coins).ft(coin, 'coin'),
      ],
    });
    assert.deepEqual(left.result, Cl.ok(Cl.tuple({ ustx: Cl.uint(ustx), coins: Cl.uint(coins) })));
    assert.deepEqual(await reserves(), [0n, 0n]);
    assert.deepEqual(await read('amm.get-shares', [Cl.principal(deployer.address)]), Cl.uint(0));
  });
});

describe('an organization', () => {
  const members = [alice, bob, carol];
  const proposal = (name: string) => Cl.principal(contractId(`proposal-${name}`));
  const vote = (by: typeof alice, name: string, isYes = true) => call(by, 'dao.vote', [proposal(name), Cl.bool(isYes)]);
  const execute = (name: string, more = {}) => call(carol, 'dao.execute', [proposal(name)], more);
  /** The organization's STX, of which this proposal spends so many. */
  const spends = (amount: number) => ({ postConditions: [sent(dao).willSendEq(amount).ustx()] });

  before(async () => {
    for (const { address } of members) succeeded(await call(deployer, 'dao.admit', [Cl.principal(address)]), Cl.bool(true));
    for (const name of ['fee', 'grant', 'greedy']) {
      const proposed = await call(alice, 'dao.propose', [proposal(name)]);
      assert.equal(proposed.status, 'success', Cl.stringify(proposed.result));
      assert.match(proposed.events[0], /^dao: .*"proposed"/);
    }
  });

  test('has a proposal done when more than half are for it, once', async () => {
    refused(await execute('fee'), 402);
    succeeded(await vote(alice, 'fee'), Cl.bool(true));
    succeeded(await vote(bob, 'fee', false), Cl.bool(true));
    refused(await execute('fee'), 402);
    succeeded(await vote(carol, 'fee'), Cl.bool(true));
    succeeded(await execute('fee'), Cl.bool(true));
    assert.deepEqual(await read('amm.get-fee'), Cl.uint(100));
    refused(await execute('fee'), 410);
  });

  test('counts one vote a member, and none of others', async () => {
    const before = await read('dao.get-proposal', [proposal('fee')]);
    refused(await vote(alice, 'fee'), 409);
    refused(await vote(alice, 'fee', false), 409);
    refused(await vote(deployer, 'fee'), 401);
    refused(await vote(alice, 'missing'), 404);
    refused(await call(alice, 'dao.propose', [proposal('fee')]), 409);
    refused(await call(alice, 'dao.admit', [Cl.principal(deployer.address)]), 401);
    assert.deepEqual(await read('dao.get-proposal', [proposal('fee')]), before);
  });

  test('lets a proposal spend its budget, and no more', async () => {
    await transfer(bob, dao, 1_000_000n);
    for (const name of ['grant', 'greedy']) {
      succeeded(await vote(alice, name), Cl.bool(true));
      succeeded(await vote(bob, name), Cl.bool(true));
    }
    // The mode deny holds for the organization as for all others.
    undone(await execute('grant'), Cl.bool(true));
    succeeded(await execute('grant', spends(250_000)), Cl.bool(true), `250000 ustx ${dao} > ${deployer.address}`);
    refused(await execute('greedy', { postConditionMode: 'allow' }), 411);
    assert.equal(await ustx(dao), 750_000n);
  });
});

describe('a reader of bitcoin', () => {
  const hash = (...parts: Uint8Array[]) => {
    const once = createHash('sha256').update(Buffer.concat(parts)).digest();
    return createHash('sha256').update(once).digest();
  };
  const script = Buffer.concat([Buffer.from([0, 20]), Buffer.alloc(20, 0x22)]);
  /** A transaction of one input that pays so many satoshis to a script. */
  const paying = (satoshis: number, to = script) => {
    const amount = Buffer.alloc(8);
    amount.writeBigUInt64LE(BigInt(satoshis));
    const input = Buffer.concat([Buffer.alloc(32, 7), Buffer.alloc(4), Buffer.from([0]), Buffer.alloc(4, 0xff)]);
    return Buffer.concat([Buffer.from('0200000001', 'hex'), input, Buffer.from([1]), amount, Buffer.from([to.length]), to, Buffer.alloc(4)]);
  };
  const transactions = [paying(1), paying(5000), paying(300, Buffer.from('6a', 'hex'))];
  const [first, second, third] = transactions.map(transaction => hash(transaction));
  // Three leaves: the last one stands beside itself.
  const [left, right] = [hash(first, second), hash(third, third)];
  const root = hash(left, right);
  const header = Buffer.concat([Buffer.alloc(36, 1), root, Buffer.alloc(12, 2)]);
  const block = Cl.buffer(hash(header));
  const paths = [[second, right], [first, right], [third, left]];

  const claim = (index: number, { path = paths[index], at = index, of = block, output = 0 } = {}) =>
    call(alice, 'bitcoin-reader.claim', [
      of, Cl.buffer(transactions[index]), Cl.uint(output), Cl.uint(at), Cl.uint(3), Cl.list(path.map(node => Cl.buffer(node))),
    ]);

  test('knows the headers that its relay has brought', async () => {
    refused(await claim(1), 404);
    refused(await call(alice, 'bitcoin-reader.relay', [Cl.buffer(header)]), 401);
    refused(await call(deployer, 'bitcoin-reader.relay', [Cl.buffer(header.subarray(1))]), 404);
    succeeded(await call(deployer, 'bitcoin-reader.relay', [Cl.buffer(header)]), Cl.bool(true));
    assert.deepEqual(await read('bitcoin-reader.block-hash', [Cl.buffer(header)]), block);
  });

  test('pays for what is proved to be mined, once', async () => {
    refused(await claim(1, { path: paths[0] }), 406);
    refused(await claim(1, { at: 0 }), 406);
    refused(await claim(1, { path: [first] }), 406);
    refused(await claim(1, { of: Cl.buffer(hash(root)) }), 404);
    refused(await claim(1, { output: 1 }), 405);
    refused(await claim(2), 407);
    const paid = await claim(1);
    assert.deepEqual([paid.status, Cl.stringify(paid.result), paid.events[0]], ['success', '(ok u5000)', `5000 satoshi > ${alice.address}`]);
    assert.match(paid.events[1], /^bitcoin-reader: .*"claimed"/);
    refused(await claim(1), 409);
    assert.deepEqual(await read('bitcoin-reader.get-balance', [Cl.principal(alice.address)]), Cl.uint(5000));
  });

  test('tells by a read whether a transaction was mined', async () => {
    const mined = (txid: Uint8Array, at: number, path: Uint8Array[]) =>
      read('bitcoin-reader.was-mined', [block, Cl.buffer(txid), Cl.uint(at), Cl.uint(3), Cl.list(path.map(node => Cl.buffer(node)))]);
    for (const [at, txid] of [first, second, third].entries()) assert.deepEqual(await mined(txid, at, paths[at]), Cl.bool(true));
    assert.deepEqual(await mined(hash(first), 0, paths[0]), Cl.bool(false));
  });
});

describe('a vault', () => {
  const strategy = (name: string) => Cl.principal(contractId(`strategy-${name}`));
  const run = (name: string, amount: number, by = deployer) =>
    call(by, 'vault.run', [strategy(name), Cl.uint(amount)], { postConditionMode: 'allow' });
  const tryOut = (name: string, amount: number) => call(alice, 'vault.try-out', [strategy(name), Cl.uint(amount)], { postConditionMode: 'allow' });

  before(async () => {
    await mint(deployer.address, 500);
    const paid = await call(deployer, 'vault.deposit', [Cl.uint(10_000), Cl.uint(500)], {
      postConditions: [sent(deployer.address).willSendEq(10_000).ustx(), sent(deployer.address).willSendEq(500).ft(coin, 'coin')],
    });
    succeeded(paid, Cl.bool(true), `10000 ustx ${deployer.address} > ${vault}`, `500 coin ${deployer.address} > ${vault}`);
  });

  test('lets a strategy take what its allowance says', async () => {
    const done = await run('modest', 1000);
    succeeded(done, Cl.bool(true), `500 ustx ${vault} > ${contractId('strategy-modest')}`);
  });

  test('undoes what a strategy takes beyond it, and names the allowance', async () => {
    const before = [await ustx(vault), await coins(vault)];
    refused(await run('greedy', 1000), 1000);
    refused(await run('thief', 1000), 1001);
    refused(await run('modest', 1000, alice), 401);
    assert.deepEqual([await ustx(vault), await coins(vault)], before);
  });

  test('guards who tries a strategy with assets of their own', async () => {
    const before = await coins(alice.address);
    succeeded(await tryOut('modest', 100), Cl.bool(true), `50 ustx ${alice.address} > ${contractId('strategy-modest')}`);
    for (const [name, index] of [['greedy', 0], ['thief', 128]] as const) {
      const stopped = await tryOut(name, 100);
      succeeded(stopped, Cl.bool(false), stopped.events[0]);
      assert.match(stopped.events[0], new RegExp(`^vault: .*"stopped"`));
      assert.match(stopped.events[0], new RegExp(`allowance: u${index}\\b`));
    }
    assert.equal(await coins(alice.address), before);
  });

  test('pays out to its owner alone, what is there', async () => {
    refused(await call(alice, 'vault.withdraw', [Cl.uint(1)], { postConditionMode: 'allow' }), 401);
    refused(await call(deployer, 'vault.withdraw', [Cl.uint(1_000_000_000)], { postConditionMode: 'allow' }), 1);
    const left = await ustx(vault);
    const paid = await call(deployer, 'vault.withdraw', [Cl.uint(left)], { postConditions: [sent(vault).willSendEq(left).ustx()] });
    succeeded(paid, Cl.bool(true), `${left} ustx ${vault} > ${deployer.address}`);
    assert.equal(await ustx(vault), 0n);
  });
});
