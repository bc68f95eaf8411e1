"""The examples of the README, and those of docs/EVENTS.md and docs/INDEXER.md, word for word, against a devnet of their own.

Only the addresses are others. Each line of a shell example is run, or is named below as what another step runs or nobody
can; an example that is neither fails the test.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
DOCUMENTS = ["README.md", "docs/EVENTS.md", "docs/INDEXER.md"]
# Other steps of CI run these, or they need what is not here: PostgreSQL and the Hiro API.
ELSEWHERE = ("cargo ", "pip ", "mkdir ", "python -m grpc_tools", "VECTORS=", "createdb ", "git clone ", "npm ", "PG_HOST=", "mockamoto ")
# Seconds. Long: the machine may have other things to do.
DEADLINE = 120
# Seconds that an example which never ends is listened to.
LISTEN = 3


def examples(document):
    """(language, text) of each block of code."""
    with open(os.path.join(ROOT, document), encoding="utf-8") as file:
        return re.findall(r"^```(\w+)\n(.*?)^```", file.read(), re.M | re.S)


def commands(text):
    """The commands of a shell example, each on one line."""
    lines = text.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


class Observer(BaseHTTPRequestHandler):
    """Takes whatever it is told."""

    def do_POST(self):  # pylint: disable=invalid-name
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class Readme:
    """A devnet and what runs against it."""

    def __init__(self, address, observer):
        self.address = address
        self.observer = observer
        self.ran = 0

    def here(self, text):
        return text.replace("localhost:20443", self.address).replace("localhost:3700", self.observer)

    def shell(self, command):
        """Output of a command that must succeed, or go on for ever."""
        endless = "curl -N" in command or "/Subscribe" in command
        line = self.here(command).replace("curl ", "curl --fail-with-body ", 1) if command.startswith("curl") else self.here(command)
        if endless:
            line = f"timeout {LISTEN} {line}"
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert done.returncode in ((124,) if endless else (0,)), f"{command}\n{done.returncode}\n{done.stdout}{done.stderr}"
        self.ran += 1
        return done.stdout

    def until(self, command, pattern):
        """Runs a command until its output is what the document shows."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                output = self.shell(command)
                if re.fullmatch(pattern, output.strip(), re.S):
                    return
            except AssertionError as error:
                output = str(error)
            assert time.monotonic() < end, f"{command}\n{output}\nis not {pattern}"
            time.sleep(0.1)

    def is_mined(self, txid):
        self.until(f"curl -s localhost:20443/v3/transaction/{txid}", r'.*"result":"\(ok true\)".*')


def check_shell(readme, text, shown):
    for command in commands(text):
        if command.lstrip().startswith(ELSEWHERE) or command.startswith(("STACKS_", "  ")):
            continue
        assert command.startswith(("curl ", "grpcurl ")), f"nobody runs this example: {command}"
        if shown and "/v3/transaction/" in command:
            # A moment later.
            readme.until(command, re.escape(shown.strip()).replace(r"\.\.\.", ".*"))
            continue
        output = readme.shell(command)
        assert output.strip(), f"{command} says nothing"
        if "curl -N" in command or "/Subscribe" in command:
            assert re.search("block_processed|blockProcessed", output), f"{command}\n{output}"


def check_javascript(readme, text, folder):
    """With fetch bound to this machine: a snippet that asks the public network would work until that is down."""
    local = os.path.join(folder, "local_only.mjs")
    with open(local, "w", encoding="utf-8") as file:
        file.write(
            "const ask = globalThis.fetch;\n"
            "globalThis.fetch = (input, init) => {\n"
            "  const { host } = new URL(input.url ?? input);\n"
            f"  if (host !== {json.dumps(readme.address)}) throw new Error(`asks ${{host}}`);\n"
            "  return ask(input, init);\n"
            "};\n"
        )
    path = os.path.join(folder, "readme.mjs")
    with open(path, "w", encoding="utf-8") as file:
        file.write(readme.here(text))
    for _ in range(2):  # As many as one likes.
        done = subprocess.run(["node", "--import", local, path], capture_output=True, text=True, timeout=DEADLINE, check=False)
        found = re.search(r"txid: '([0-9a-f]{64})'", done.stdout)
        assert done.returncode == 0 and found, f"{done.stdout}{done.stderr}"
        readme.is_mined(found[1])
    readme.ran += 1


def check_python(readme, text):
    with subprocess.Popen([sys.executable, "-u", "-c", readme.here(text)], stdout=subprocess.PIPE, text=True) as reader:
        lines = []
        try:
            for line in reader.stdout:
                lines.append(line.split())
                if len(lines) > 20 and lines[-1][1] == "EVENT_KIND_BLOCK_PROCESSED":
                    break
        finally:
            reader.kill()
    assert [line[0] for line in lines] == [str(number) for number in range(1, len(lines) + 1)], lines
    readme.ran += 1


def check_all(readme, folder):
    seen = set()
    for document in DOCUMENTS:
        blocks = examples(document)
        for (language, text), (after, shown) in zip(blocks, [*blocks[1:], ("", "")]):
            if language == "sh":
                check_shell(readme, text, shown if after == "text" else None)
            elif language == "js":
                check_javascript(readme, text, folder)
            elif language == "python":
                check_python(readme, text)
            else:
                assert language in ("text", "toml"), f"{document}: nobody runs {language}"
            seen.add(language)
    assert {"sh", "js", "python"} <= seen, seen


def main():
    with tempfile.TemporaryDirectory() as data, ThreadingHTTPServer(("127.0.0.1", 0), Observer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        observer = f"127.0.0.1:{server.server_port}"
        accounts = os.path.join(data, "accounts.json")
        command = [os.environ["MOCKAMOTO"], "--port", "0", "--block-interval", "200ms", "--accounts-out", accounts]
        command += ["--event-observer", observer]
        with open(os.path.join(data, "log"), "w+", encoding="utf-8") as log, subprocess.Popen(command, stdout=log, stderr=log) as devnet:
            try:
                end = time.monotonic() + DEADLINE
                while not os.path.exists(accounts):
                    assert devnet.poll() is None and time.monotonic() < end, "the devnet did not start"
                    time.sleep(0.1)
                with open(accounts, encoding="utf-8") as file:
                    readme = Readme(json.load(file)["http_url"].removeprefix("http://"), observer)
                check_all(readme, os.environ["NODE_FOLDER"])
                print(f"readme: {readme.ran} examples ran")
            except BaseException:
                log.seek(0)
                print(log.read()[-4000:])
                raise
            finally:
                devnet.terminate()
                server.shutdown()


if __name__ == "__main__":
    main()
