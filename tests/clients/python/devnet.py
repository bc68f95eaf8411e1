"""The devnet that `run.sh` started: its services, its keys, and waiting for what it tells."""

import contextlib
import json
import os

import grpc
from grpc_status import rpc_status
from google.rpc import error_details_pb2

from nakamoto.v1 import account_pb2_grpc, admin_pb2, admin_pb2_grpc, block_pb2_grpc, common_pb2, event_pb2
from nakamoto.v1 import event_pb2_grpc, node_pb2_grpc, stackerdb_pb2_grpc, template_pb2, template_pb2_grpc
from nakamoto.v1 import transaction_pb2, transaction_pb2_grpc, validation_pb2_grpc
from nakamoto.v1 import account_pb2
from stacks import Key, transaction, txid
from vrf import VrfKey

# Seconds until a call is given up. Long: the machine may have other things to do.
DEADLINE = 120

with open(os.environ["ACCOUNTS"], encoding="utf-8") as file:
    _given = json.load(file)
with open(os.path.join(_given["data_dir"], "devnet.json"), encoding="utf-8") as file:
    _participants = json.load(file)

ACCOUNTS = {account["name"]: Key(account["private_key"]) for account in _given["accounts"]}
ADDRESSES = {account["name"]: account["address"] for account in _given["accounts"]}
PRODUCERS = {producer["address"]: Key(producer["private_key"]) for producer in _participants["producers"]}
VRF_KEYS = {producer["address"]: VrfKey(bytes.fromhex(producer["vrf_private_key"])) for producer in _participants["producers"]}
SIGNERS = {signer["address"]: Key(signer["private_key"]) for signer in _participants["signers"]}



def connect():
    """A connection of its own."""
    return grpc.insecure_channel(_given["grpc_url"].removeprefix("http://"), options=[("grpc.use_local_subchannel_pool", 1)])


class _Calls:
    """The stub of a service, each of whose calls has the deadline."""

    def __init__(self, stub):
        self._stub = stub(_channel)

    def __getattr__(self, name):
        call = getattr(self._stub, name)
        return lambda request: call(request, timeout=DEADLINE)


_channel = connect()
accounts = _Calls(account_pb2_grpc.AccountServiceStub)
admin = _Calls(admin_pb2_grpc.AdminServiceStub)
blocks = _Calls(block_pb2_grpc.BlockServiceStub)
events = _Calls(event_pb2_grpc.EventServiceStub)
node = _Calls(node_pb2_grpc.NodeServiceStub)
stackerdb = _Calls(stackerdb_pb2_grpc.StackerDbServiceStub)
templates = _Calls(template_pb2_grpc.TemplateServiceStub)
transactions = _Calls(transaction_pb2_grpc.TransactionServiceStub)
validations = _Calls(validation_pb2_grpc.ValidationServiceStub)


def reason(error):
    """The `reason` of a failed call's ErrorInfo."""
    for detail in rpc_status.from_call(error).details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return info.reason
    return None


def submit(key, payload, fee=1000):
    """Signs with the account's next nonce and submits; the transaction."""
    nonce = accounts.GetAccount(account_pb2.GetAccountRequest(principal=key.address)).nonce
    raw = transaction(key, nonce, fee, payload)
    answer = transactions.SubmitTransaction(transaction_pb2.SubmitTransactionRequest(transaction=raw))
    assert answer.accepted, answer
    assert answer.txid == txid(raw)
    return raw


def follow(filter, start):
    """Events from a position on, for as long as the caller takes them."""
    stream = events.Subscribe(event_pb2.SubscribeRequest(filter=filter, start=start))
    try:
        for frame in stream:
            yield from frame.events.events
    finally:
        stream.cancel()


def mined(raw, key):
    """Waits until a block with this transaction is processed: the block, and the transaction's receipt."""
    wanted = txid(raw)
    term = event_pb2.EventTerm(kinds=[event_pb2.EVENT_KIND_BLOCK_PROCESSED], addresses=[key.address])
    everything = event_pb2.StartPosition(earliest=True)
    for event in follow(event_pb2.EventFilter(terms=[term]), everything):
        for receipt in event.block_processed.receipts:
            if receipt.txid == wanted:
                return event.block_processed.block, receipt
    raise AssertionError("the stream ended")


def producer_view():
    (address,) = PRODUCERS
    return templates.GetProducerView(template_pb2.GetProducerViewRequest(producer_address=address))


@contextlib.contextmanager
def manual_mining():
    """The devnet's own producer rests, except when it is asked."""
    manual = admin_pb2.SetMiningModeRequest(mode=common_pb2.MINING_MODE_MANUAL)
    try:
        admin.SetMiningMode(manual)
        # A block may have been under way; when the one that is asked for is there, that one is too.
        assert admin.MineBlocks(admin_pb2.MineBlocksRequest()).missing == 0
        yield
    finally:
        admin.SetMiningMode(admin_pb2.SetMiningModeRequest(mode=common_pb2.MINING_MODE_MIXED))
