import type { handleUnaryCall, ServerUnaryCall } from "@grpc/grpc-js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import grpcProto from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type { Autonaming } from "../bridge/autoname.ts";
import type { DiffAnswer } from "../bridge/diff.ts";
import type { CheckAnswer, Provider } from "./provider.ts";
import { toServiceError } from "./errors.ts";
import { serve } from "./serve.ts";
import { fromStruct, toStruct } from "./struct.ts";

/** Serves a resource plugin to the engine. */
export async function serveProvider(provider: Provider): Promise<void> {
  await serve(grpcProto.ResourceProviderService, handlers(provider));
}

function handlers(provider: Provider) {
  return {
    checkConfig: unary((request: proto.CheckRequest) =>
      checkResponse(provider.checkConfig(fromStruct(request.getNews()))),
    ),
    diffConfig: unary((request: proto.DiffRequest) =>
      provider.diffConfig === undefined
        ? new proto.DiffResponse()
        : diffResponse(
            provider.diffConfig(fromStruct(request.getOlds()), fromStruct(request.getNews())),
          ),
    ),
    configure: unary((request: proto.ConfigureRequest) => {
      provider.configure(fromStruct(request.getArgs()));
      const response = new proto.ConfigureResponse();
      response.setSupportspreview(true);
      response.setAcceptresources(provider.features.acceptResources);
      response.setAcceptsecrets(provider.features.acceptSecrets ?? false);
      response.setSupportsAutonamingConfiguration(true);
      return response;
    }),
    check: unary((request: proto.CheckRequest) =>
      checkResponse(
        provider.check({
          urn: request.getUrn(),
          name: nameOf(request.getName(), request.getUrn()),
          type: typeOf(request.getType(), request.getUrn()),
          olds: fromStruct(request.getOlds()),
          news: fromStruct(request.getNews()),
          randomSeed: request.getRandomseed_asU8(),
          autonaming: autonamingOf(request),
        }),
      ),
    ),
    diff: unary((request: proto.DiffRequest) =>
      diffResponse(
        provider.diff({
          id: request.getId(),
          urn: request.getUrn(),
          type: typeOf(request.getType(), request.getUrn()),
          olds: fromStruct(request.getOlds()),
          news: fromStruct(request.getNews()),
          oldInputs: fromStruct(request.getOldInputs()),
          ignoreChanges: request.getIgnorechangesList(),
        }),
      ),
    ),
    create: unary(async (request: proto.CreateRequest) => {
      const answer = await provider.create({
        urn: request.getUrn(),
        type: typeOf(request.getType(), request.getUrn()),
        properties: fromStruct(request.getProperties()),
        preview: request.getPreview(),
        timeout: request.getTimeout(),
      });
      const response = new proto.CreateResponse();
      response.setId(answer.id);
      response.setProperties(toStruct(answer.properties));
      return response;
    }),
    read: unary(async (request: proto.ReadRequest) => {
      const answer = await provider.read({
        id: request.getId(),
        urn: request.getUrn(),
        type: typeOf(request.getType(), request.getUrn()),
        properties: fromStruct(request.getProperties()),
        inputs: fromStruct(request.getInputs()),
      });
      const response = new proto.ReadResponse();
      if (answer.id === undefined) return response;
      response.setId(answer.id);
      response.setProperties(toStruct(answer.properties));
      response.setInputs(toStruct(answer.inputs));
      return response;
    }),
    update: unary(async (request: proto.UpdateRequest) => {
      const answer = await provider.update({
        id: request.getId(),
        urn: request.getUrn(),
        type: typeOf(request.getType(), request.getUrn()),
        olds: fromStruct(request.getOlds()),
        news: fromStruct(request.getNews()),
        preview: request.getPreview(),
        timeout: request.getTimeout(),
        ignoreChanges: request.getIgnorechangesList(),
      });
      const response = new proto.UpdateResponse();
      response.setProperties(toStruct(answer.properties));
      return response;
    }),
    delete: unary(async (request: proto.DeleteRequest) => {
      await provider.delete({
        id: request.getId(),
        urn: request.getUrn(),
        type: typeOf(request.getType(), request.getUrn()),
        properties: fromStruct(request.getProperties()),
        timeout: request.getTimeout(),
      });
      return new emptyProto.Empty();
    }),
    cancel: unary(() => {
      provider.cancel();
      return new emptyProto.Empty();
    }),
    attach: unary(() => new emptyProto.Empty()),
    getPluginInfo: unary(() => {
      const info = new pluginProto.PluginInfo();
      info.setVersion(provider.version);
      return info;
    }),
  };
}

/** A handler whose result is sent and whose error is turned into the protocol's. */
function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call: ServerUnaryCall<Request, Response>, callback) => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(toServiceError(error)),
      );
  };
}

/** Older engines send no type and name: both are in the URN. */
function typeOf(type: string, urn: string): string {
  return type !== "" ? type : (urn.split("::")[2]?.split("$").at(-1) ?? "");
}

function nameOf(name: string, urn: string): string {
  return name !== "" ? name : urn.split("::").slice(3).join("::");
}

function autonamingOf(request: proto.CheckRequest): Autonaming | undefined {
  const options = request.getAutonaming();
  if (options === undefined) return undefined;
  const modes = proto.CheckRequest.AutonamingOptions.Mode;
  const mode =
    options.getMode() === modes.ENFORCE
      ? "enforce"
      : options.getMode() === modes.DISABLE
        ? "disable"
        : "propose";
  return { mode, proposedName: options.getProposedName() };
}

function checkResponse(answer: CheckAnswer): proto.CheckResponse {
  const response = new proto.CheckResponse();
  response.setInputs(toStruct(answer.inputs));
  for (const { property, reason } of answer.failures ?? []) {
    const failure = new proto.CheckFailure();
    failure.setProperty(property);
    failure.setReason(reason);
    response.addFailures(failure);
  }
  return response;
}

function diffResponse(answer: DiffAnswer): proto.DiffResponse {
  const { DiffChanges } = proto.DiffResponse;
  const response = new proto.DiffResponse();
  response.setReplacesList(answer.replaces ?? []);
  response.setStablesList(answer.stables ?? []);
  response.setDeletebeforereplace(answer.deleteBeforeReplace ?? false);
  response.setChanges(DiffChanges[answer.changes]);
  response.setDiffsList(answer.diffs ?? []);
  response.setHasdetaileddiff(answer.hasDetailedDiff ?? false);
  for (const [path, kind] of Object.entries(answer.detailedDiff ?? {})) {
    const detail = new proto.PropertyDiff();
    detail.setKind(proto.PropertyDiff.Kind[kind]);
    detail.setInputdiff(answer.inputDiffs?.includes(path) ?? false);
    response.getDetaileddiffMap().set(path, detail);
  }
  return response;
}
