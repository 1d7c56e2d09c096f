import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer, json } from "node:stream/consumers";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer } from "smtp-server";

/** An event of PagerDuty's Events API v2. */
export interface PagerEvent {
  readonly routing_key: string;
  readonly dedup_key: string;
  readonly event_action: "trigger" | "acknowledge" | "resolve";
  readonly payload: {
    readonly summary: string;
    readonly source: string;
    readonly severity: string;
    readonly component?: string;
    readonly class?: string;
    readonly custom_details?: Readonly<Record<string, string>>;
  };
  readonly links?: readonly { readonly href: string; readonly text: string }[];
}

/** A message of Slack's incoming webhooks, as far as Alertmanager makes use of it. */
export interface SlackMessage {
  readonly channel?: string;
  readonly attachments: readonly {
    readonly title: string;
    readonly text: string;
    readonly color: string;
  }[];
}

/** What Alertmanager sends to any webhook. */
export interface WebhookMessage {
  readonly status: "firing" | "resolved";
  readonly alerts: readonly {
    readonly status: "firing" | "resolved";
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

interface Refusal {
  readonly status: number;
  readonly body: string;
}

/** The login that the mail server asks for. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/**
 * Webhook, Slack, PagerDuty and a mail server, at one address with one certificate. As the real ones, they refuse what
 * they cannot make sense of; and each fails once before it works, as all of them do now and then. Mail comes by
 * `smtp-server` and is read by `postal-mime`, as STARTTLS, logins and MIME are nothing to write anew for a test.
 */
export class ReceivingServices {
  readonly webhook: WebhookMessage[] = [];
  readonly slack: SlackMessage[] = [];
  readonly pagerduty: PagerEvent[] = [];
  readonly mail: Email[] = [];
  /** What was refused, and why. */
  readonly refused: string[] = [];
  readonly #failedOnce = new Set<string>();
  readonly #web: Server;
  readonly #smtp: SMTPServer;

  /**
   * @param tls certificate and key, PEM.
   * @param slackPath the secret part of Slack's address.
   */
  constructor(
    tls: { readonly cert: string; readonly key: string },
    login: Login,
    slackPath: string,
  ) {
    const services: Readonly<Record<string, (body: unknown) => Refusal | undefined>> = {
      "/hook": (body) => void this.webhook.push(body as WebhookMessage),
      "/v2/enqueue": (body) => this.#page(body as PagerEvent),
      [slackPath]: (body) => this.#post(body as SlackMessage),
    };
    this.#web = createServer(tls, (request, response) => {
      const { url = "" } = request;
      const answer = ({ status, body }: Refusal) => response.writeHead(status).end(body);
      void json(request).then((body) => {
        if (this.#failsNow(url)) return answer({ status: 503, body: "not now" });
        const service = services[url];
        const refusal = service ? service(body) : { status: 404, body: "no such address" };
        if (refusal) this.refused.push(`${url}: ${refusal.body}`);
        return answer(refusal ?? { status: url === "/v2/enqueue" ? 202 : 200, body: "ok" });
      });
    });
    this.#smtp = new SMTPServer({
      ...tls,
      // A login is taken after STARTTLS only: that is the library's default.
      authMethods: ["PLAIN"],
      onAuth: ({ username, password }, _session, done) => {
        const known = username === login.username && password === login.password;
        if (known) return done(null, { user: username });
        this.refused.push("mail: wrong login");
        done(new Error("wrong login"));
      },
      onData: (stream, { secure }, done) => {
        void buffer(stream).then(async (raw) => {
          if (this.#failsNow("mail")) {
            done(Object.assign(new Error("not now"), { responseCode: 451 }));
            return;
          }
          if (!secure) this.refused.push("mail: without TLS");
          this.mail.push(await PostalMime.parse(raw));
          done();
        });
      },
    });
    // Clients that give up are no error of the test.
    this.#smtp.on("error", () => undefined);
  }

  /** Opens both servers on an address; their ports. */
  async listen(address: string): Promise<{ readonly web: number; readonly smtp: number }> {
    const { server } = this.#smtp;
    const listening = [this.#web, server].map((each) => once(each, "listening"));
    this.#web.listen(0, address);
    this.#smtp.listen(0, address);
    await Promise.all(listening);
    const [web, smtp] = [this.#web, server].map((each) => (each.address() as AddressInfo).port);
    return { web: web!, smtp: smtp! };
  }

  async close(): Promise<void> {
    this.#web.closeAllConnections();
    await Promise.all([
      new Promise((resolve) => this.#web.close(resolve)),
      new Promise<void>((resolve) => this.#smtp.close(resolve)),
    ]);
  }

  #failsNow(service: string): boolean {
    if (this.#failedOnce.has(service)) return false;
    this.#failedOnce.add(service);
    return true;
  }

  /** https://developer.pagerduty.com/docs/events-api-v2-overview: what is required, and of which form. */
  #page(event: PagerEvent): Refusal | undefined {
    const { payload, links = [] } = event;
    const wrong = [
      !/^[A-Za-z0-9]{32}$/.test(event.routing_key) && "routing_key",
      !["trigger", "acknowledge", "resolve"].includes(event.event_action) && "event_action",
      !(payload.summary.length > 0 && payload.summary.length <= 1024) && "payload.summary",
      payload.source.length === 0 && "payload.source",
      !["critical", "error", "warning", "info"].includes(payload.severity) && "payload.severity",
      links.some(({ href }) => !URL.canParse(href)) && "links",
    ].filter(Boolean);
    if (wrong.length > 0) return { status: 400, body: `invalid event: ${wrong.join(", ")}` };
    this.pagerduty.push(event);
    return undefined;
  }

  #post(message: SlackMessage): Refusal | undefined {
    if (message.attachments.length === 0) return { status: 400, body: "no_text" };
    this.slack.push(message);
    return undefined;
  }
}
