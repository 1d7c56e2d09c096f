/**
 * Runs an inline program whose engine got the port of one that is gone, and prints what the SDK answered the CLI and
 * whether the program was begun. A process of its own: the SDK leaves unhandled rejections behind.
 *
 * Argument `shared`: gRPC may use what it knows of the port from the engine before.
 */
import { credentials, Server, ServerCredentials, type sendUnaryData } from "@grpc/grpc-js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import * as automation from "@pulumi/pulumi/automation/server.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import engineService from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import langProto from "@pulumi/pulumi/proto/language_pb.js";
import resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import resourceService from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import * as settings from "@pulumi/pulumi/runtime/settings.js";
import { mendInlinePrograms } from "../../../infra/release/inline-programs.ts";

const { grpcClientOptions } = settings as unknown as { grpcClientOptions: Record<string, number> };
const { LanguageServer } = automation as unknown as {
  LanguageServer: new (program: () => Promise<void>) => {
    run(call: unknown, answer: (error: Error | null) => void): void;
  };
};
process.on("unhandledRejection", () => undefined);
mendInlinePrograms();
if (process.argv.includes("shared")) grpcClientOptions["grpc.use_local_subchannel_pool"] = 0;

const registered = new resourceProto.RegisterResourceResponse();
registered.setUrn("urn:pulumi:test::test::pulumi:pulumi:Stack::test-test");
const monitor = new Server();
monitor.addService(resourceService.ResourceMonitorService, {
  supportsFeature: answering(new resourceProto.SupportsFeatureResponse()),
  registerResource: answering(registered),
  registerResourceOutputs: answering(new emptyProto.Empty()),
  signalAndWaitForShutdown: answering(new emptyProto.Empty()),
});
const engine = new Server();
engine.addService(engineService.EngineService, {
  setRootResource: answering(new engineProto.SetRootResourceResponse()),
  log: answering(new emptyProto.Empty()),
});

const gone = new Server();
const port = await listen(gone);
gone.forceShutdown();
await callInVain(port);
await listen(engine, port);

const request = new langProto.RunRequest();
request.setMonitorAddress(`127.0.0.1:${await listen(monitor)}`);
request.setArgsList([`127.0.0.1:${port}`]);
let begun = false;
const program = () => {
  begun = true;
  return Promise.resolve();
};
const error = await new Promise<Error | null>((resolve) => {
  new LanguageServer(program).run({ request }, resolve);
});
console.log(`${error?.message ?? "success"}, ${begun ? "begun" : "never begun"}`);
process.exit(0);

function answering<Response>(response: Response) {
  return (_call: unknown, answer: sendUnaryData<Response>) => answer(null, response);
}

async function callInVain(at: number): Promise<void> {
  const { EngineClient } = engineService;
  const client = new EngineClient(
    `127.0.0.1:${at}`,
    credentials.createInsecure(),
    grpcClientOptions,
  );
  const call = new engineProto.SetRootResourceRequest();
  await new Promise<void>((resolve) => client.setRootResource(call, () => resolve()));
}

async function listen(server: Server, at = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${at}`, ServerCredentials.createInsecure(), (failed, bound) => {
      if (failed === null) resolve(bound);
      else reject(failed);
    });
  });
}
