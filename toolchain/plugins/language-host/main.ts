import type { handleUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import sdk from "@pulumi/pulumi/package.json" with { type: "json" };
import proto from "@pulumi/pulumi/proto/language_pb.js";
import grpcProto from "@pulumi/pulumi/proto/language_grpc_pb.js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import { toServiceError } from "../rpc/errors.ts";
import { serve } from "../rpc/serve.ts";
import { startPlugin } from "../rpc/start.ts";
import { fromStruct } from "../rpc/struct.ts";
import { programDependencies } from "./dependencies.ts";
import { installDependencies } from "./install-dependencies.ts";
import { requiredPlugins } from "./packages.ts";
import { runProgram, type RunRequest } from "./run.ts";

/** The engine's own address: an argument, or told in the handshake. */
let engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-")) ?? "";
let abort = new AbortController();

function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(toServiceError(error)),
      );
  };
}

function runRequestOf(request: proto.RunRequest): RunRequest {
  const info = request.getInfo();
  return {
    monitorAddress: request.getMonitorAddress(),
    engineAddress,
    organization: request.getOrganization(),
    project: request.getProject(),
    stack: request.getStack(),
    rootDirectory: info?.getRootDirectory() ?? "",
    programDirectory: info?.getProgramDirectory() ?? request.getPwd(),
    entryPoint: info?.getEntryPoint() ?? ".",
    dryRun: request.getDryrun(),
    parallel: request.getParallel(),
    options: fromStruct(info?.getOptions()),
    config: Object.fromEntries(request.getConfigMap().toArray()),
    configSecretKeys: request.getConfigsecretkeysList(),
    args: request.getArgsList(),
  };
}

const handlers = {
  handshake: unary((request: proto.LanguageHandshakeRequest) => {
    engineAddress = request.getEngineAddress();
    return new proto.LanguageHandshakeResponse();
  }),

  getPluginInfo: unary(() => {
    const info = new pluginProto.PluginInfo();
    info.setVersion(sdk.version);
    return info;
  }),

  getRequiredPackages: unary(async (request: proto.GetRequiredPackagesRequest) => {
    const response = new proto.GetRequiredPackagesResponse();
    for (const plugin of await requiredPlugins(request.getInfo()?.getProgramDirectory() ?? ".")) {
      const dependency = new pluginProto.PackageDependency();
      dependency.setKind("resource");
      dependency.setName(plugin.name);
      dependency.setVersion(plugin.version);
      dependency.setServer(plugin.server);
      response.addPackages(dependency);
    }
    return response;
  }),

  run: unary(async (request: proto.RunRequest) => {
    const { error, bail } = await runProgram(runRequestOf(request), abort.signal);
    const response = new proto.RunResponse();
    response.setError(error);
    response.setBail(bail);
    return response;
  }),

  installDependencies: (
    call: ServerWritableStream<proto.InstallDependenciesRequest, proto.InstallDependenciesResponse>,
  ) => {
    const print = (text: Buffer) => {
      const response = new proto.InstallDependenciesResponse();
      response.setStdout(text);
      call.write(response);
    };
    const folder = call.request.getInfo()?.getProgramDirectory() ?? call.request.getDirectory();
    installDependencies(folder, print).then(
      () => call.end(),
      (error: unknown) => call.destroy(toServiceError(error)),
    );
  },

  runtimeOptionsPrompts: unary(() => new proto.RuntimeOptionsResponse()),

  about: unary(() => {
    const response = new proto.AboutResponse();
    response.setExecutable(process.execPath);
    response.setVersion(process.version);
    response.getMetadataMap().set("packagemanager", "npm");
    return response;
  }),

  getProgramDependencies: unary(async (request: proto.GetProgramDependenciesRequest) => {
    const folder = request.getInfo()?.getProgramDirectory() ?? ".";
    const response = new proto.GetProgramDependenciesResponse();
    for (const { name, version } of await programDependencies(
      folder,
      request.getTransitivedependencies(),
    )) {
      const dependency = new proto.DependencyInfo();
      dependency.setName(name);
      dependency.setVersion(version);
      response.addDependencies(dependency);
    }
    return response;
  }),

  cancel: unary(() => {
    abort.abort();
    abort = new AbortController();
    return new emptyProto.Empty();
  }),
};

startPlugin(() => serve(grpcProto.LanguageRuntimeService, handlers));
