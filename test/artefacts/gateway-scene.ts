import type { GatewayRoute } from "../../components/gateway/gateway-routes.ts";
import { FakeMcpServer, type Seen } from "./fake-mcp-server.ts";
import {
  call,
  freePorts,
  gatewayImage,
  RunningGateway,
  type Answer,
  type Request,
} from "./gateway-harness.ts";

/** The one browser origin that may call. */
export const browser = "https://app.example.com";

/** A gateway before the server `scene`, which runs twice and shares nothing, and the server `closed`, which is down. */
export class GatewayScene {
  readonly image: string;
  readonly gateway: RunningGateway;
  readonly backends: readonly FakeMcpServer[];
  readonly routes: readonly GatewayRoute[];

  private constructor(
    image: string,
    gateway: RunningGateway,
    backends: readonly FakeMcpServer[],
    routes: readonly GatewayRoute[],
  ) {
    this.image = image;
    this.gateway = gateway;
    this.backends = backends;
    this.routes = routes;
  }

  static async open(): Promise<GatewayScene> {
    const image = await gatewayImage();
    const names = ["scene-a", "scene-b"];
    const backends = await Promise.all(names.map((name) => FakeMcpServer.start(name)));
    const [scenePort = 0, closedPort = 0] = await freePorts(2);
    const running = backends.map(({ name, port }) => ({
      name,
      address: "127.0.0.1",
      port,
      weight: 100,
    }));
    const routes = [
      { server: "scene", port: scenePort, backends: running },
      { server: "closed", port: closedPort, backends: [] },
    ];
    const gateway = await RunningGateway.start(image, routes, {
      maxBodyBytes: 4096,
      allowedOrigins: [browser],
    });
    return new GatewayScene(image, gateway, backends, routes);
  }

  async close(): Promise<void> {
    await this.gateway.stop();
    await Promise.all(this.backends.map((backend) => backend.kill()));
  }

  readonly ask = (request: Partial<Request> = {}): Promise<Answer> =>
    call({ port: this.gateway.port, ...request });

  /** What the server saw of a call that it answered. @throws when it was refused. */
  readonly echo = async (request: Partial<Request> = {}): Promise<Seen> => {
    const body = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    const { status, text } = await this.ask({ body, ...request });
    if (status !== 200) throw new Error(`refused with ${status}: ${text}`);
    return JSON.parse(text) as Seen;
  };
}
