"""Terraform providers that know schemas and nothing else, for `validate` and for tests with mocked providers.

Run by the interpreter that has `tf`: `python providers.py SCHEMAS FOLDER`. It listens on a socket in FOLDER for each
provider of the file, prints what `TF_REATTACH_PROVIDERS` has to be, and ends when its standard input does.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from tf.gen import tfplugin_pb2 as pb

NESTINGS = {"single": 1, "list": 2, "set": 3, "map": 4}


def schema(described: dict[str, Any]) -> pb.Schema:
    return pb.Schema(version=0, block=block(described))


def block(described: dict[str, Any]) -> pb.Schema.Block:
    return pb.Schema.Block(
        attributes=[attribute(name, each) for name, each in described.get("attributes", {}).items()],
        block_types=[
            pb.Schema.NestedBlock(type_name=name, nesting=NESTINGS[each["nesting"]], block=block(each))
            for name, each in described.get("blocks", {}).items()
        ],
    )


def attribute(name: str, described: dict[str, Any]) -> pb.Schema.Attribute:
    made = pb.Schema.Attribute(name=name, **dict.fromkeys(described["use"], True))
    if "nesting" in described:
        inner = [attribute(inner, each) for inner, each in described["attributes"].items()]
        made.nested_type.CopyFrom(pb.Schema.Object(attributes=inner, nesting=NESTINGS[described["nesting"]]))
    else:
        made.type = json.dumps(described["type"]).encode()
    return made


def answers(described: dict[str, Any]) -> dict[str, Any]:
    """What Terraform asks a provider whose resources and data are mocked: its schema, and whether a block is valid."""
    known = pb.GetProviderSchema.Response(
        provider=schema(described["provider"]),
        resource_schemas={name: schema(each) for name, each in described["resources"].items()},
        data_source_schemas={name: schema(each) for name, each in described["data"].items()},
    )
    valid = ("ValidateProviderConfig", "ValidateResourceConfig", "ValidateDataResourceConfig", "StopProvider")
    return {"GetProviderSchema": known} | {name: getattr(pb, name).Response() for name in valid}


def serve(described: dict[str, Any], socket: Path) -> grpc.Server:
    """Always give the same answer to each question, as a server that runs until it is stopped."""
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            lambda _request, _context, answer=answer: answer, response_serializer=type(answer).SerializeToString
        )
        for name, answer in answers(described).items()
    }
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("tfplugin6.Provider", handlers)])
    server.add_insecure_port(f"unix://{socket}")
    server.start()
    return server


def main(schemas: str, folder: str) -> None:
    addresses, servers = {}, []
    for number, (name, described) in enumerate(json.loads(Path(schemas).read_bytes()).items()):
        socket = Path(folder) / str(number)
        servers.append(serve(described, socket))
        address = {"Network": "unix", "String": str(socket)}
        addresses[name] = {"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.getpid(), "Test": True, "Addr": address}
    sys.stdout.write(f"{json.dumps(addresses)}\n")
    sys.stdout.flush()
    sys.stdin.read()
    for server in servers:
        server.stop(None)


if __name__ == "__main__":
    main(*sys.argv[1:])
