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
from tf.gen import grpc_controller_pb2 as controller
from tf.gen import grpc_controller_pb2_grpc as controller_rpc
from tf.gen import grpc_stdio_pb2_grpc as stdio_rpc
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

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
    made = pb.Schema.Attribute(name=name, **{use: True for use in described["use"]})
    if "nesting" in described:
        inner = [attribute(inner, each) for inner, each in described["attributes"].items()]
        made.nested_type.CopyFrom(pb.Schema.Object(attributes=inner, nesting=NESTINGS[described["nesting"]]))
    else:
        made.type = json.dumps(described["type"]).encode()
    return made


class Provider(rpc.ProviderServicer):  # type: ignore[misc] # has no types
    """What Terraform asks a provider whose resources and data are mocked: its schema, and whether a block is valid."""

    def __init__(self, described: dict[str, Any]) -> None:
        self.answer = pb.GetProviderSchema.Response(
            provider=schema(described["provider"]),
            resource_schemas={name: schema(each) for name, each in described["resources"].items()},
            data_source_schemas={name: schema(each) for name, each in described["data"].items()},
        )

    def GetProviderSchema(self, request: Any, context: Any) -> Any:
        return self.answer

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateResourceConfig.Response()

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateDataResourceConfig.Response()

    def StopProvider(self, request: Any, context: Any) -> Any:
        return pb.StopProvider.Response()


class Controller(controller_rpc.GRPCControllerServicer):  # type: ignore[misc] # has no types
    def Shutdown(self, request: Any, context: Any) -> Any:
        return controller.Empty()


class Output(stdio_rpc.GRPCStdioServicer):  # type: ignore[misc] # has no types
    def StreamStdio(self, request: Any, context: Any) -> Any:
        return iter(())


def serve(described: dict[str, Any], socket: Path) -> grpc.Server:
    server = grpc.server(ThreadPoolExecutor(4))
    rpc.add_ProviderServicer_to_server(Provider(described), server)
    controller_rpc.add_GRPCControllerServicer_to_server(Controller(), server)
    stdio_rpc.add_GRPCStdioServicer_to_server(Output(), server)
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
    print(json.dumps(addresses), flush=True)
    sys.stdin.read()
    for server in servers:
        server.stop(None)


if __name__ == "__main__":
    main(*sys.argv[1:])
