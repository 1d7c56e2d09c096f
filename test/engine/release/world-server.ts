import {
  Metadata,
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServerUnaryCall,
} from "@grpc/grpc-js";
import anyProto from "google-protobuf/google/protobuf/any_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import grpcProto from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import { NotStarted, worldVersion, type World } from "./world.ts";

/** The plugin of a world, served by the test itself: no run of the engine starts or ends it. */
export interface WorldServer {
  /** For `PULUMI_DEBUG_PROVIDERS`. */
  readonly attachment: string;
  close(): void;
}

export async function serveWorld(world: World): Promise<WorldServer> {
  const server = new Server();
  server.addService(grpcProto.ResourceProviderService, handlers(world));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { attachment: `world:${port}`, close: () => server.forceShutdown() };
}

function handlers(world: World) {
  return {
    checkConfig: unary((request: proto.CheckRequest) => checked(request.getNews()!)),
    diffConfig: unary((request: proto.DiffRequest) => {
      const olds = values(request.getOldInputs() ?? request.getOlds());
      const news = values(request.getNews());
      const replaces = olds["region"] === news["region"] ? [] : ["region"];
      return differs(JSON.stringify(olds) === JSON.stringify(news) ? [] : ["any"], replaces, false);
    }),
    configure: unary(() => {
      const response = new proto.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setAcceptresources(true);
      response.setSupportspreview(true);
      return response;
    }),
    check: unary((request: proto.CheckRequest) => {
      const { type, urn } = subject(request);
      return checked(
        struct(world.check(type, urn, values(request.getOlds()), values(request.getNews()))),
      );
    }),
    diff: unary((request: proto.DiffRequest) => {
      const { changed, replaces, first } = world.diff(
        values(request.getOldInputs()),
        values(request.getNews()),
      );
      return differs(changed, replaces, first);
    }),
    create: unary(async (request: proto.CreateRequest) => {
      const { type, urn } = subject(request);
      const { id, outputs } = await world.create(type, urn, values(request.getProperties()));
      const response = new proto.CreateResponse();
      response.setId(id);
      response.setProperties(struct(outputs));
      return response;
    }),
    update: unary(async (request: proto.UpdateRequest) => {
      const [olds, news] = [values(request.getOlds()), values(request.getNews())];
      const response = new proto.UpdateResponse();
      response.setProperties(
        struct(await world.update(request.getUrn(), request.getId(), olds, news)),
      );
      return response;
    }),
    read: unary(async (request: proto.ReadRequest) => {
      const state = await world.read(
        request.getUrn(),
        request.getId(),
        values(request.getProperties()),
      );
      const response = new proto.ReadResponse();
      if (state === undefined) return response;
      const { serial: _serial, made: _made, ...inputs } = state;
      response.setId(request.getId());
      response.setProperties(struct(state));
      // What was chosen stays noted over a refresh.
      const { __defaults } = values(request.getInputs());
      response.setInputs(struct(__defaults === undefined ? inputs : { ...inputs, __defaults }));
      return response;
    }),
    delete: unary(async (request: proto.DeleteRequest) => {
      await world.delete(request.getUrn(), request.getId());
      return new emptyProto.Empty();
    }),
    cancel: unary(() => new emptyProto.Empty()),
    attach: unary(() => new emptyProto.Empty()),
    getPluginInfo: unary(() => {
      const info = new pluginProto.PluginInfo();
      info.setVersion(worldVersion);
      return info;
    }),
  };
}

function unary<Request, Response>(handle: (request: Request) => Response | Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(toServiceError(error)),
      );
  };
}

/** An object that exists but did not start belongs into the state; the details tell the engine what it is like. */
function toServiceError(error: unknown) {
  const cause = error as Error;
  const metadata = new Metadata();
  if (error instanceof NotStarted) {
    const failure = new proto.ErrorResourceInitFailed();
    failure.setId(error.id);
    failure.setProperties(struct(error.outputs));
    failure.setReasonsList([error.message]);
    const packed = new anyProto.Any();
    packed.pack(failure.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const message = new statusProto.Status();
    message.setCode(status.UNKNOWN);
    message.setMessage(error.message);
    message.addDetails(packed);
    metadata.set("grpc-status-details-bin", Buffer.from(message.serializeBinary()));
  }
  return Object.assign(new Error(cause.message), {
    code: status.UNKNOWN,
    details: cause.message,
    metadata,
  });
}

function subject(request: proto.CheckRequest | proto.CreateRequest) {
  const urn = request.getUrn();
  return { urn, type: urn.split("::")[2]!.split("$").at(-1)! };
}

function checked(inputs: structProto.Struct): proto.CheckResponse {
  const response = new proto.CheckResponse();
  response.setInputs(inputs);
  return response;
}

function differs(changed: string[], replaces: string[], first: boolean): proto.DiffResponse {
  const { DiffChanges } = proto.DiffResponse;
  const response = new proto.DiffResponse();
  response.setChanges(changed.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
  response.setDiffsList(changed);
  response.setReplacesList(replaces);
  response.setDeletebeforereplace(first);
  return response;
}

function values(properties: structProto.Struct | undefined): Record<string, unknown> {
  return properties?.toJavaScript() ?? {};
}

function struct(properties: Record<string, unknown>): structProto.Struct {
  return structProto.Struct.fromJavaScript(
    properties as Record<string, structProto.JavaScriptValue>,
  );
}
