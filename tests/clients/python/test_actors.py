"""producer.py and signer.py in place of the devnet's: a tenure is begun and a transaction mined, and neither can do without
them. ACCOUNTS names the devnet's file, MOCKAMOTO its binary; the devnet does not run any more."""

import json
import os
import socket
import subprocess
import sys

with open(os.environ["ACCOUNTS"], encoding="utf-8") as file:
    given = json.load(file)
home = given["data_dir"]
with open(os.path.join(home, "devnet.json"), encoding="utf-8") as file:
    participants = json.load(file)
with socket.create_server(("127.0.0.1", 0)) as free:
    address = f"127.0.0.1:{free.getsockname()[1]}"
given["grpc_url"] = f"http://{address}"
# Another list for the helpers of the other tests, which know the devnet by it.
os.environ["ACCOUNTS"] = os.path.join(home, "actors.json")
with open(os.environ["ACCOUNTS"], "w", encoding="utf-8") as file:
    json.dump(given, file)

processes = []


def start(name, *command, until=None, **keys):
    """Starts a process, and waits for its line `until`."""
    environment = {**os.environ, **keys}
    pipe = subprocess.PIPE if until else None
    process = subprocess.Popen(command, env=environment, stdout=pipe, text=True)
    processes.append(process)
    if until:
        for line in process.stdout:
            if until in line:
                return process
        raise SystemExit(f"{name} ended")
    return process


def main():
    mockamoto, here = os.environ["MOCKAMOTO"], os.path.dirname(os.path.abspath(__file__))
    start("node", mockamoto, "node", "--data-dir", f"{home}/node", "--genesis", f"{home}/genesis.json", "--admin",
          "--bind", address, "--burn-block-interval", "0", "--log", "warn", "--ready-stdout", until='"address"')
    *stubs, absent, ours = participants["signers"]
    # So many stubs that the Python signer's weight is needed: 70 % of four is three.
    for index, signer in enumerate(stubs):
        start("signer stub", mockamoto, "signer-stub", "--node", f"http://{address}", "--log", "warn",
              "--data-dir", f"{home}/signer-{index}", MOCKAMOTO_PRIVATE_KEY=signer["private_key"])
    signer = start("signer", sys.executable, f"{here}/signer.py", address, f"{home}/signer-py", until="ready",
                   MOCKAMOTO_PRIVATE_KEY=ours["private_key"])
    (producer,) = participants["producers"]
    python = start("producer", sys.executable, f"{here}/producer.py", address, f"{home}/producer-py", until="ready",
                   MOCKAMOTO_PRIVATE_KEY=producer["private_key"],
                   MOCKAMOTO_VRF_PRIVATE_KEY=producer["vrf_private_key"])

    import devnet
    import stacks
    from nakamoto.v1 import admin_pb2

    # Proofs of half of all sortitions need a second try at a point, or more: ten tenures meet that.
    for tenure in range(10):
        devnet.admin.MineBurnBlocks(admin_pb2.MineBurnBlocksRequest(count=1))
        for line in python.stdout:
            if line.startswith("pushed"):
                assert "ACCEPTED" in line, line
                break
    sender = devnet.ACCOUNTS["wallet_1"]
    raw = devnet.submit(sender, stacks.transfer_payload(devnet.ADDRESSES["wallet_2"], 5))
    block, receipt = devnet.mined(raw, sender)
    print(f"ten tenures and a transfer, in block {block.chain_length}")
    assert "signed" in signer.stdout.readline()


try:
    main()
finally:
    for process in reversed(processes):
        process.kill()
        process.wait()
