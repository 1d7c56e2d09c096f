import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Deployment } from "./deployment.ts";
import type { GateVerdict } from "./gate.ts";

/** Environment variable by which the program finds who runs its transaction: path of a socket. */
export const linkVariable = "MCP_FLEET_TRANSACTION";

/** What the program tells while it runs. */
export type ReleaseEvent =
  | { readonly kind: "begin"; readonly transaction: string; readonly release: string }
  | { readonly kind: "phase"; readonly phase: Phase; readonly detail?: string }
  | {
      readonly kind: "answer";
      readonly probe: string;
      readonly subject: string;
      readonly verdict: string;
      readonly detail: string;
    }
  | {
      /** How far a gate is, whenever that changes. */
      readonly kind: "standing";
      readonly gate: string;
      readonly probes: number;
      readonly passing: number;
      /** Probes that do not pass, or have not answered yet. */
      readonly waiting: readonly string[];
    }
  | { readonly kind: "verdict"; readonly gate: string; readonly verdict: GateVerdict };

type Phase = "prepare" | "gate" | "switch" | "watch" | "back" | "drain" | "commit" | "rollback";

/** Answer to the program's first question. */
export interface LinkAnswer {
  /** Deployment from before, taken before the engine refreshed it; null if there was none. */
  readonly before: Deployment | null;
}

/**
 * End of the link that runs the transaction. A socket in a directory that only this user can enter: what passes
 * through contains secrets and is never on disk.
 */
export class LinkServer {
  readonly path: string;
  readonly #directory: string;
  readonly #server: Server;

  private constructor(directory: string, server: Server) {
    this.#directory = directory;
    this.#server = server;
    this.path = join(directory, "link");
  }

  static async open(
    answer: () => LinkAnswer,
    onEvent: (event: ReleaseEvent) => void,
  ): Promise<LinkServer> {
    const directory = mkdtempSync(join(tmpdir(), "mcp-fleet-link-"));
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      createInterface({ input: socket }).on("line", (line) => {
        const message = messageIn(line);
        if (message?.ask) socket.write(`${JSON.stringify(answer())}\n`);
        if (message?.event) onEvent(message.event);
      });
    });
    const link = new LinkServer(directory, server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(link.path, resolve);
    });
    server.unref();
    return link;
  }

  close(): void {
    this.#server.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

interface Message {
  readonly ask?: true;
  readonly event?: ReleaseEvent;
}

/** A program that is killed leaves half a line; that must not end the run that is to roll it back. */
function messageIn(line: string): Message | null | undefined {
  try {
    return JSON.parse(line) as Message | null;
  } catch {
    return undefined;
  }
}

/** The program's end. */
export class Link {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  /** Connects within 5 s. @throws if nobody listens. */
  static async connect(path: string): Promise<Link> {
    const socket = await new Promise<Socket>((resolve, reject) => {
      const attempt = connect(path);
      attempt.setTimeout(5000, () => attempt.destroy(new Error("no answer within 5 s")));
      attempt.once("error", reject);
      attempt.once("connect", () => resolve(attempt));
    });
    socket.setTimeout(0);
    // Whoever runs the transaction may be killed; the update then goes on and the next command finds its journal.
    socket.on("error", () => undefined);
    // An open link must not keep the program from ending.
    socket.unref();
    return new Link(socket);
  }

  async ask(): Promise<LinkAnswer> {
    this.#socket.ref();
    this.#socket.write(`${JSON.stringify({ ask: true })}\n`);
    const line = await this.#lines
      .next()
      .catch((): IteratorResult<string> => ({ done: true, value: undefined }));
    this.#socket.unref();
    if (line.done)
      throw new Error("the run of this transaction ended before it said what was deployed");
    return JSON.parse(line.value) as LinkAnswer;
  }

  tell(event: ReleaseEvent): void {
    this.#socket.write(`${JSON.stringify({ event })}\n`);
  }
}
