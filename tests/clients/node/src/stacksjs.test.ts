// stacks.js as its users call it: of the devnet it gets the base URL alone. What it asks the node for itself (nonces,
// fees, interfaces) is left to it.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import {
  broadcastTransaction,
  Cl,
  type ClarityValue,
  type ClarityVersion,
  deserializeCV,
  estimateTransactionByteLength,
  fetchAbi,
  fetchCallReadOnlyFunction,
  fetchContractMapEntry,
  fetchFeeEstimate,
  fetchFeeEstimateTransaction,
  fetchFeeEstimateTransfer,
  fetchNonce,
  makeContractCall,
  makeContractDeploy,
  makeSTXTokenTransfer,
  makeUnsignedContractCall,
  Pc,
  privateKeyToPublic,
  serializePayload,
  sponsorTransaction,
  type StacksTransactionWire,
} from '@stacks/transactions';
import { clientFromNetwork, createNetwork } from '@stacks/network';
import { StackingClient } from '@stacks/stacking';

import { account, Devnet, overGrpc, URL } from './devnet.js';
import { TransactionStatus } from './gen/nakamoto/v1/event_pb.js';
import { SimulationChecks, SimulationRefusal } from './gen/nakamoto/v1/transaction_pb.js';

const CONTRACT = `
(define-data-var total uint u0)
(define-map paid principal { amount: uint, times: uint })
(define-fungible-token point)
(define-read-only (get-paid (who principal)) (default-to { amount: u0, times: u0 } (map-get? paid who)))
(define-read-only (get-total) (var-get total))
(define-public (pay (amount uint))
  (let ((before (get-paid tx-sender)))
    (asserts! (> amount u0) (err u7))
    (try! (stx-transfer? amount tx-sender current-contract))
    (try! (ft-mint? point amount tx-sender))
    (var-set total (+ (var-get total) amount))
    (map-set paid tx-sender { amount: (+ amount (get amount before)), times: (+ u1 (get times before)) })
    (ok (var-get total))))
`;

const network = createNetwork({ network: 'testnet', client: { baseUrl: URL } });
const devnet = new Devnet(overGrpc());
const [deployer, payer, poor, sponsor] = ['deployer', 'wallet_6', 'wallet_7', 'wallet_8'].map(account);
const contract = { contractAddress: deployer.address, contractName: 'points' };

/** Broadcasts; the txid that the node answers, which is the transaction's own. */
async function broadcast(transaction: StacksTransactionWire): Promise<string> {
  const answer = await broadcastTransaction({ transaction, network });
  assert(!('error' in answer), JSON.stringify(answer));
  assert.equal(answer.txid, transaction.txid());
  return answer.txid;
}

/** Broadcasts what the node must refuse; its answer. */
async function refused(transaction: StacksTransactionWire) {
  const answer = await broadcastTransaction({ transaction, network });
  assert('error' in answer, 'it was accepted');
  assert.equal(answer.error, 'transaction rejected');
  return answer;
}

/** Broadcasts and waits for the receipt. */
async function mined(transaction: StacksTransactionWire, sender: string) {
  const [, receipt] = await devnet.mined(await broadcast(transaction), sender);
  return receipt;
}

async function balance(address: string): Promise<bigint> {
  const { baseUrl, fetch } = clientFromNetwork(network);
  return BigInt((await (await fetch(`${baseUrl}/v2/accounts/${address}?proof=0`)).json()).balance);
}

function pay(amount: bigint, more = {}) {
  return makeContractCall({
    ...contract,
    functionName: 'pay',
    functionArgs: [Cl.uint(amount)],
    senderKey: payer.private_key,
    postConditions: [Pc.principal(payer.address).willSendLte(amount).ustx()],
    network,
    ...more,
  });
}

function transfer(more = {}) {
  return makeSTXTokenTransfer({ recipient: poor.address, amount: 1000n, senderKey: payer.private_key, network, ...more });
}

describe('stacks.js', () => {
  before(async () => {
    const deploy = await makeContractDeploy({
      contractName: contract.contractName,
      codeBody: CONTRACT,
      senderKey: deployer.private_key,
      network,
    });
    const receipt = await mined(deploy, deployer.address);
    assert.equal(receipt.status, TransactionStatus.SUCCESS, receipt.vmError);
    assert(receipt.feeUstx > 0n, 'stacks.js asked the node for the fee');
  });

  test('contracts of every version of Clarity are mined', async () => {
    // What each version has and those before it have not; `as-contract` is gone from 4 on.
    const asks = ['(as-contract tx-sender)', 'chain-id', 'tenure-height', 'stacks-block-time', 'current-contract', '(concat "a" "b" "c")'];
    for (const clarityVersion of [1, 2, 3, 4, 5, 6] as ClarityVersion[]) {
      const contractName = `version-${clarityVersion}`;
      const codeBody = `(print ${asks[clarityVersion - 1]})`;
      const by = { senderKey: deployer.private_key, network };
      const receipt = await mined(await makeContractDeploy({ contractName, codeBody, clarityVersion, ...by }), deployer.address);
      assert.equal(receipt.status, TransactionStatus.SUCCESS, receipt.vmError);
      const abi = await fetchAbi({ contractAddress: deployer.address, contractName, network });
      assert.equal((abi as { clarity_version?: string }).clarity_version, `Clarity${clarityVersion}`);
    }
  });

  test('a transfer with the nonce and fee that it fetches moves the money', async () => {
    const nonce = await fetchNonce({ address: payer.address, network });
    const before = await balance(poor.address);
    const transaction = await transfer({ memo: 'hello' });
    assert.equal(transaction.auth.spendingCondition.nonce, nonce);
    const receipt = await mined(transaction, payer.address);
    assert.equal(receipt.status, TransactionStatus.SUCCESS);
    assert.equal(receipt.feeUstx, transaction.auth.spendingCondition.fee);
    assert.equal(await balance(poor.address), before + 1000n);
    assert.equal(await fetchNonce({ address: payer.address, network }), nonce + 1n);
  });

  test('the stacking client reads the account and what the chain says of stacking', async () => {
    const client = new StackingClient({ address: poor.address, network });
    const [{ stx }, now, pox] = await Promise.all([
      client.getAccountExtendedBalances(),
      client.getAccountBalance(),
      client.getPoxInfo(),
    ]);
    assert.equal(BigInt(stx.balance), now);
    assert.deepEqual([stx.locked, stx.total_sent, stx.total_received], [0n, 0n, 0n]);
    assert.equal(await client.getAccountBalanceLocked(), 0n);
    assert.equal(pox.current_cycle.stacked_ustx, 0);
  });

  test('fees are estimated by payload and by length', async () => {
    const transaction = await transfer({ fee: 1n, nonce: 0n });
    const perLength = await fetchFeeEstimateTransfer({ transaction, network });
    assert(perLength >= BigInt(transaction.serializeBytes().length));
    const estimate = await fetchFeeEstimate({ transaction, network });
    assert(estimate >= 1);
    const estimates = await fetchFeeEstimateTransaction({
      payload: serializePayload(transaction.payload),
      estimatedLength: estimateTransactionByteLength(transaction),
      network,
    });
    assert.equal(estimates.length, 3);
    const fees = estimates.map(one => one.fee);
    assert.deepEqual(fees, [...fees].sort((a, b) => a - b));
    assert(fees[0] >= 1);
  });

  test('the interface is that of the deployed contract', async () => {
    const abi = await fetchAbi({ ...contract, network });
    const access = Object.fromEntries(abi.functions.map(one => [one.name, one.access]));
    assert.deepEqual(access, { 'get-paid': 'read_only', 'get-total': 'read_only', pay: 'public' });
    assert.deepEqual(abi.variables.map(one => [one.name, one.type]), [['total', 'uint128']]);
    assert.deepEqual(abi.maps.map(one => one.name), ['paid']);
    assert.deepEqual(abi.fungible_tokens.map(one => one.name), ['point']);
  });

  test('a call checked against the fetched interface writes what reads then find', async () => {
    const total = () =>
      fetchCallReadOnlyFunction({ ...contract, functionName: 'get-total', functionArgs: [], senderAddress: poor.address, network });
    const before = (await total()) as ClarityValue & { value: bigint };
    const receipt = await mined(await pay(55n, { validateWithAbi: true }), payer.address);
    assert.equal(receipt.status, TransactionStatus.SUCCESS, receipt.vmError);
    const after = Cl.uint(BigInt(before.value) + 55n);
    assert.deepEqual(deserializeCV(receipt.result), Cl.ok(after));
    assert.deepEqual(await total(), after);

    // stacks.js has no function of its own for variables; its client fetches, its decoder reads.
    const { baseUrl, fetch } = clientFromNetwork(network);
    const answer = await fetch(`${baseUrl}/v2/data_var/${deployer.address}/points/total?proof=0`);
    assert.deepEqual(deserializeCV((await answer.json()).data), after);

    const key = { ...contract, mapName: 'paid', network };
    const entry = await fetchContractMapEntry({ ...key, mapKey: Cl.principal(payer.address) });
    const paid = Cl.tuple({ amount: after, times: Cl.uint(1) });
    assert.deepEqual(entry, Cl.some(paid));
    assert.deepEqual(await fetchContractMapEntry({ ...key, mapKey: Cl.principal(poor.address) }), Cl.none());
    const read = await fetchCallReadOnlyFunction({
      ...contract,
      functionName: 'get-paid',
      functionArgs: [Cl.principal(payer.address)],
      senderAddress: poor.address,
      network,
    });
    assert.deepEqual(read, paid);
    await assert.rejects(pay(1n, { functionArgs: [Cl.int(1)], validateWithAbi: true }), /expects argument 1/i);
  });

  test('a dry run of a call that nobody has signed tells what the mined one does', async () => {
    const draft = await makeUnsignedContractCall({
      ...contract,
      functionName: 'pay',
      functionArgs: [Cl.uint(6n)],
      publicKey: privateKeyToPublic(payer.private_key),
      postConditions: [Pc.principal(payer.address).willSendLte(6n).ustx()],
      fee: 0n,
      nonce: 0n,
      network,
    });
    const simulate = (checks: SimulationChecks) =>
      devnet.transactions.simulateTransaction({ transaction: draft.serializeBytes(), checks });
    const dry = (await simulate(SimulationChecks.NONE)).receipt!;
    assert.equal((await simulate(SimulationChecks.ALL)).refusal, SimulationRefusal.SIGNATURE);
    assert.equal(dry.txid.toString(), Uint8Array.from(Buffer.from(draft.txid(), 'hex')).toString());
    const receipt = await mined(await pay(6n), payer.address);
    assert.deepEqual([dry.status, dry.result, dry.cost], [receipt.status, receipt.result, receipt.cost]);
    assert.deepEqual(
      dry.events.map(event => event.body),
      receipt.events.map(event => event.body),
    );
  });

  test('a call that returns an error or breaks a post-condition is mined and undone', async () => {
    const before = await balance(deployer.address + '.points');
    const failed = await mined(await pay(0n, { postConditions: [] }), payer.address);
    assert.equal(failed.status, TransactionStatus.ABORT_BY_RESPONSE);
    assert.deepEqual(deserializeCV(failed.result), Cl.error(Cl.uint(7)));
    const denied = await mined(await pay(9n, { postConditions: [] }), payer.address);
    assert.equal(denied.status, TransactionStatus.ABORT_BY_POST_CONDITION);
    assert.equal(await balance(deployer.address + '.points'), before);
  });

  test('a sponsored call costs its origin nothing', async () => {
    const before = { origin: await balance(poor.address), sponsor: await balance(sponsor.address) };
    const nonce = await fetchNonce({ address: sponsor.address, network });
    const unsponsored = await pay(3n, {
      senderKey: poor.private_key,
      postConditions: [Pc.principal(poor.address).willSendEq(3n).ustx()],
      fee: 0n,
      sponsored: true,
    });
    const transaction = await sponsorTransaction({
      transaction: unsponsored,
      sponsorPrivateKey: sponsor.private_key,
      fee: 2000n,
      network,
    });
    const receipt = await mined(transaction, poor.address);
    assert.equal(receipt.status, TransactionStatus.SUCCESS, receipt.vmError);
    assert.equal(await balance(poor.address), before.origin - 3n);
    assert.equal(await balance(sponsor.address), before.sponsor - 2000n);
    assert.equal(await fetchNonce({ address: sponsor.address, network }), nonce + 1n);
  });

  test('a broadcast that is refused says why, with the values behind it', async () => {
    const nonce = await fetchNonce({ address: payer.address, network });
    const stale = await refused(await transfer({ nonce: nonce - 1n, fee: 500n }));
    assert.equal(stale.reason, 'BadNonce');
    assert.deepEqual(stale.reason_data, {
      expected: Number(nonce),
      actual: Number(nonce - 1n),
      is_origin: true,
      principal: payer.address,
    });

    const cheap = await refused(await transfer({ fee: 0n }));
    assert.equal(cheap.reason, 'FeeTooLow');
    assert.equal(cheap.reason_data.actual, 0);
    assert(cheap.reason_data.expected > 0);

    const rich = await refused(await transfer({ amount: 10n ** 18n, fee: 500n }));
    assert.equal(rich.reason, 'NotEnoughFunds');

    const forged = await transfer({ fee: 500n });
    forged.auth.spendingCondition.nonce += 1n;
    assert.equal((await refused(forged)).reason, 'SignatureValidation');

    const other = { contractName: 'no-such-contract', postConditions: [], fee: 500n };
    assert.equal((await refused(await pay(1n, other))).reason, 'NoSuchContract');
    const mistaken = { functionName: 'no-such-function', postConditions: [], fee: 500n };
    assert.equal((await refused(await pay(1n, mistaken))).reason, 'NoSuchPublicFunction');
    const badArgument = { functionArgs: [Cl.int(1)], postConditions: [], fee: 500n };
    assert.equal((await refused(await pay(1n, badArgument))).reason, 'BadFunctionArgument');

    const twice = await makeContractDeploy({
      contractName: contract.contractName,
      codeBody: CONTRACT,
      senderKey: deployer.private_key,
      fee: 10_000n,
      network,
    });
    assert.equal((await refused(twice)).reason, 'ContractAlreadyExists');
  });

  test('a transaction of another network is refused', async () => {
    const mainnet = await transfer({
      recipient: 'SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7',
      network: createNetwork({ network: 'mainnet', client: { baseUrl: URL } }),
      nonce: 0n,
      fee: 500n,
    });
    const answer = await broadcastTransaction({ transaction: mainnet, network });
    assert('error' in answer);
    assert.equal(answer.reason, 'BadTransactionVersion');
  });

  test('reads of what is not there fail or find nothing', async () => {
    const nothing = { contractAddress: deployer.address, contractName: 'no-such-contract', network };
    await assert.rejects(fetchAbi(nothing), /404/);
    const read = { functionName: 'get', functionArgs: [], senderAddress: poor.address };
    await assert.rejects(fetchCallReadOnlyFunction({ ...nothing, ...read }), /NoSuchContract/);
    // A map answers as an empty one, as the reference does.
    assert.deepEqual(await fetchContractMapEntry({ ...nothing, mapName: 'paid', mapKey: Cl.uint(1) }), Cl.none());
    assert.equal(await fetchNonce({ address: 'ST000000000000000000002AMW42H', network }), 0n);
  });
});
