"""What producer.py and signer.py share: the node, its events, a slot to write, and the record of what was signed."""

import os

import grpc

import stacks
from nakamoto.v1 import block_pb2_grpc, event_pb2, event_pb2_grpc, stackerdb_pb2, stackerdb_pb2_grpc
from nakamoto.v1 import template_pb2_grpc, validation_pb2_grpc

PRODUCERS = "ST000000000000000000002AMW42H.producers"
SIGNERS = "ST000000000000000000002AMW42H.signers"


class Node:
    def __init__(self, address):
        channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", 17 << 20)])
        self._events = event_pb2_grpc.EventServiceStub(channel)
        self.blocks = block_pb2_grpc.BlockServiceStub(channel)
        self.stackerdb = stackerdb_pb2_grpc.StackerDbServiceStub(channel)
        self.templates = template_pb2_grpc.TemplateServiceStub(channel)
        self.validations = validation_pb2_grpc.ValidationServiceStub(channel)

    def events(self, kinds, contracts):
        """Events of these kinds and chunks of these StackerDBs, from now on."""
        chunks = event_pb2.EventTerm(kinds=[event_pb2.EVENT_KIND_STACKERDB_CHUNKS], stackerdb_contracts=contracts)
        request = event_pb2.SubscribeRequest(payload_mode=event_pb2.PAYLOAD_MODE_FULL)
        request.filter.terms.extend([event_pb2.EventTerm(kinds=kinds), chunks])
        request.start.latest = True
        for frame in self._events.Subscribe(request):
            if frame.WhichOneof("body") == "started":
                print("ready", flush=True)
            yield from frame.events.events


class Slot:
    """The writer of one slot; learns the stored version when it is refused for it."""

    def __init__(self, node, key, contract, slot_id):
        self._node, self._key, self._contract, self._slot_id = node, key, contract, slot_id
        self._version = 0

    def put(self, data):
        while True:
            self._version += 1
            signature = stacks.chunk_signature(self._key, self._slot_id, self._version, data)
            chunk = {"slot_id": self._slot_id, "slot_version": self._version, "signature": signature, "data": data}
            request = stackerdb_pb2.PutChunkRequest(contract_id=self._contract, chunk=chunk)
            answer = self._node.stackerdb.PutChunk(request)
            if answer.accepted:
                return
            if answer.metadata.slot_version < self._version:
                raise SystemExit(f"the slot refused the chunk: {answer.detail}")
            self._version = answer.metadata.slot_version


class Record:
    """What was signed, on the disk before the signature leaves: a line for each place."""

    def __init__(self, folder):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        self._file = open(os.path.join(folder, "signed"), "a+", encoding="ascii")
        self._file.seek(0)
        self._signed = dict(line.strip().rsplit(" ", 1) for line in self._file)

    def claim(self, place, block_hash):
        """Whether this block may be signed at its place: it is the first there, or was before."""
        if place not in self._signed:
            self._file.write(f"{place} {block_hash}\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._signed[place] = block_hash
        return self._signed[place] == block_hash
