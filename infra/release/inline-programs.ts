import * as server from "@pulumi/pulumi/automation/server.js";
import * as settings from "@pulumi/pulumi/runtime/settings.js";

type Answer = (error: Error | null, response: unknown) => void;

/** What serves an inline program to the CLI; exported by the SDK, though not in its types. */
interface LanguageServer {
  program: () => Promise<unknown>;
  run(call: unknown, answer: Answer): unknown;
}

interface Unlisted {
  readonly LanguageServer: { readonly prototype: LanguageServer };
  readonly grpcClientOptions: Record<string, unknown>;
}

let mended = false;

/**
 * Mends two things in how the Automation API runs inline programs, for the whole process:
 *
 * - A program that cannot reach its engine may count as a success: the SDK passes over "unavailable" and "cancelled", which
 *   mostly mean that the engine is going down. If it is not, it takes what was not registered for unwanted and deletes
 *   it: all there is, if the first call fails. Here a program succeeds if it came to its end.
 * - gRPC keeps what it knows of a connection by its address, and the SDK leaves connections to engines of earlier runs
 *   open. When a new engine gets the port of an old one, its first call fails for what the old one left. Here connections
 *   share nothing.
 *
 * Together they made some rollbacks delete everything, in a process that had made a hundred runs before.
 */
export function mendInlinePrograms(): void {
  if (mended) return;
  mended = true;
  const { LanguageServer, grpcClientOptions } = { ...server, ...settings } as unknown as Unlisted;
  grpcClientOptions["grpc.use_local_subchannel_pool"] = 1;

  const { prototype } = LanguageServer;
  const serve = Object.getOwnPropertyDescriptor(prototype, "run")!.value as LanguageServer["run"];
  prototype.run = function run(this: LanguageServer, call, answer) {
    const { program } = this;
    let ended = false;
    this.program = async () => {
      const outputs = await program();
      ended = true;
      return outputs;
    };
    return serve.call(this, call, (error, response) => {
      if (error || ended) answer(error, response);
      else answer(new Error("the program lost its connection to the engine"), undefined);
    });
  };
}
