// Contracts by stacks.js and HTTP alone, as a program of their users would have it: publish, call, what came of it, read.

import assert from 'node:assert/strict';

import {
  broadcastTransaction,
  Cl,
  type ClarityValue,
  type ClarityVersion,
  deserializeCV,
  fetchCallReadOnlyFunction,
  fetchNonce,
  makeContractCall,
  makeContractDeploy,
  makeSTXTokenTransfer,
  type PostCondition,
  type PostConditionModeName,
  type StacksTransactionWire,
} from '@stacks/transactions';
import { createNetwork } from '@stacks/network';

import { type Account, account, URL } from './devnet.js';

export const network = createNetwork({ network: 'testnet', client: { baseUrl: URL } });
export const deployer = account('deployer');

/** What came of a transaction; what it moved and printed is in lines, see `line`. */
export interface Mined {
  status: 'success' | 'abort_by_response' | 'abort_by_post_condition';
  result: ClarityValue;
  events: string[];
}

/** Milliseconds until a transaction is given up. Long: the machine may have other things to do. */
const DEADLINE = 110_000;

export function contractId(name: string): `${string}.${string}` {
  return `${deployer.address}.${name}`;
}

async function broadcast(transaction: StacksTransactionWire): Promise<string> {
  const answer = await broadcastTransaction({ transaction, network });
  assert(!('error' in answer), JSON.stringify(answer));
  return answer.txid;
}

/** Publishes contracts, all by the deployer, in this order. Which Clarity they are in is left to stacks.js, but for `versions`. */
export async function publish(sources: [name: string, code: string][], versions: Record<string, ClarityVersion> = {}) {
  let nonce = await fetchNonce({ address: deployer.address, network });
  const txids = [];
  for (const [contractName, codeBody] of sources) {
    const version = versions[contractName] ? { clarityVersion: versions[contractName] } : {};
    const by = { senderKey: deployer.private_key, network, nonce: nonce++, fee: 100_000n };
    txids.push(await broadcast(await makeContractDeploy({ contractName, codeBody, ...version, ...by })));
  }
  for (const txid of txids) {
    const { status, result } = await mined(txid, deployer.address);
    assert.equal(status, 'success', Cl.stringify(result));
  }
}

export interface Promises {
  postConditions?: PostCondition[];
  postConditionMode?: PostConditionModeName;
}

/** Calls `contract.function`; what came of it once it is mined. Without more, nothing may leave anybody: stacks.js's default. */
export async function call(by: Account, name: string, functionArgs: ClarityValue[] = [], more: Promises = {}): Promise<Mined> {
  const [contractName, functionName] = name.split('.');
  const called = { contractAddress: deployer.address, contractName, functionName, functionArgs };
  const transaction = await makeContractCall({ ...called, senderKey: by.private_key, network, ...more });
  return mined(await broadcast(transaction), by.address);
}

/** Sends micro-STX. */
export async function transfer(by: Account, recipient: string, amount: bigint) {
  const transaction = await makeSTXTokenTransfer({ recipient, amount, senderKey: by.private_key, network });
  assert.equal((await mined(await broadcast(transaction), by.address)).status, 'success');
}

/** What a read-only function gives. */
export function read(name: string, functionArgs: ClarityValue[] = []): Promise<ClarityValue> {
  const [contractName, functionName] = name.split('.');
  const asked = { contractAddress: deployer.address, contractName, functionName, functionArgs };
  return fetchCallReadOnlyFunction({ ...asked, senderAddress: deployer.address, network });
}

/** Micro-STX of an account or contract. */
export async function ustx(principal: string): Promise<bigint> {
  const answer = await fetch(`${URL}/v2/accounts/${principal}?proof=0`);
  return BigInt((await answer.json()).balance);
}

/** Follows the events of HTTP from the beginning on until the transaction is in a block. */
async function mined(txid: string, sender: string): Promise<Mined> {
  // Not `AbortSignal.any`: what it gives may be collected, and then the abort reaches nobody.
  const stop = new AbortController();
  const deadline = setTimeout(() => stop.abort(new Error('the transaction is not mined in time')), DEADLINE);
  try {
    const answer = await fetch(`${URL}/v3/events?kinds=block_processed&address=${sender}&start=earliest`, { signal: stop.signal });
    assert(answer.ok && answer.body);
    let unread = '';
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      const messages = (unread + text).split('\n\n');
      unread = messages.pop()!;
      for (const message of messages) {
        if (!message.includes('event: block_processed')) continue;
        const data = message.split('\n').filter(part => part.startsWith('data:'));
        const event = JSON.parse(data.map(part => part.slice(5)).join('\n'));
        const receipt = event.block_processed.receipts.find((receipt: { txid: string }) => receipt.txid === `0x${txid}`);
        if (!receipt) continue;
        return {
          status: receipt.status.replace('TRANSACTION_STATUS_', '').toLowerCase(),
          result: deserializeCV(receipt.result),
          events: receipt.events.map(line),
        };
      }
    }
    throw new Error('the stream ended');
  } finally {
    clearTimeout(deadline);
    stop.abort();
  }
}

interface BlockEvent {
  [kind: string]: { asset_id: string; contract_id: string; sender: string; recipient: string; amount: string; amount_ustx: string; value: string };
}

/** An event in a line: `5 coin <from> > <to>`, `deed u1 > <to>`, `marketplace: <what it printed>`. */
function line(blockEvent: BlockEvent): string {
  const [kind, event] = Object.entries(blockEvent).find(([kind]) => kind !== 'event_index')!;
  if (kind === 'contract_print') return `${event.contract_id.split('.')[1]}: ${Cl.stringify(deserializeCV(event.value))}`;
  const what = kind.startsWith('stx')
    ? `${BigInt(event.amount_ustx)} ustx`
    : kind.startsWith('ft')
      ? `${BigInt(event.amount)} ${event.asset_id.split('::')[1]}`
      : `${event.asset_id.split('::')[1]} ${Cl.stringify(deserializeCV(event.value))}`;
  return [what, event.sender, '>', event.recipient].filter(part => part).join(' ');
}
