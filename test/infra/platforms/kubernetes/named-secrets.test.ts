import { expect, it } from "vitest";
import { kubernetesSchema } from "../../../../components/platform/kubernetes/kubernetes.schema.ts";
import { readNamedSecrets } from "../../../../infra/platforms/kubernetes/named-secrets.ts";
import {
  fakeCluster,
  refusal,
  type Answers,
} from "../../../components/platform/kubernetes/fake-cluster.ts";

const encoded = (content: Readonly<Record<string, string>>) => ({
  data: Object.fromEntries(
    Object.entries(content).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
  ),
});
const path = "GET /api/v1/namespaces/fleet/secrets";

async function read(answers: Answers, secrets: object) {
  const cluster = await fakeCluster(answers);
  const settings = kubernetesSchema.parse({ secrets });
  return { ...(await readNamedSecrets(cluster.client, settings.secrets)), asked: cluster.asked };
}

it("reads each Secret once, by name, and drops the line break that files end with", async () => {
  const { secrets, problems, asked } = await read(
    {
      [`${path}/db`]: encoded({ password: "päss\n" }),
      [`${path}/fleet`]: encoded({ one: "token-one", two: "token-two\r\n", pager: "key" }),
    },
    {
      databasePassword: { name: "db", key: "password" },
      tokens: {
        default: { primary: { name: "fleet", key: "one" }, backup: { name: "fleet", key: "two" } },
        ci: { primary: { name: "fleet", key: "pager" } },
      },
      receivers: { pager: { name: "fleet", key: "pager" } },
    },
  );
  expect(problems).toEqual([]);
  expect(secrets).toEqual({
    databasePassword: "päss",
    tokens: { default: { primary: "token-one", backup: "token-two" }, ci: { primary: "key" } },
    receivers: { pager: "key" },
  });
  expect([...asked].sort()).toEqual([`${path}/db`, `${path}/fleet`]);
});

it("names everything that is missing, and no value", async () => {
  const { problems } = await read(
    {
      [`${path}/hidden`]: refusal(403),
      [`${path}/fleet`]: {
        data: { empty: "", bytes: Buffer.from([0xff, 0xfe]).toString("base64"), good: "c2VjcmV0" },
      },
    },
    {
      databasePassword: { name: "hidden", key: "password" },
      tokens: { default: { primary: { name: "gone", key: "token" } } },
      receivers: {
        a: { name: "fleet", key: "nothing" },
        b: { name: "fleet", key: "empty" },
        c: { name: "fleet", key: "bytes" },
        d: { name: "fleet", key: "good" },
      },
    },
  );
  expect(problems).toEqual([
    "mcp-fleet:kubernetes.secrets.databasePassword: you may not get Secret hidden in namespace fleet; have a Role with get on secrets bound to you",
    "mcp-fleet:kubernetes.secrets.tokens.default.primary: got gone, and namespace fleet has no such Secret; have it made before, as with: kubectl create secret generic gone --namespace fleet --from-file=token=FILE",
    "mcp-fleet:kubernetes.secrets.receivers.a: got key nothing, and Secret fleet in namespace fleet has no such key (there is bytes, empty, good)",
    "mcp-fleet:kubernetes.secrets.receivers.b: key empty of Secret fleet in namespace fleet is empty",
    "mcp-fleet:kubernetes.secrets.receivers.c: key bytes of Secret fleet in namespace fleet is no UTF-8 text",
  ]);
});

it("asks nothing where nothing is named", async () => {
  const { secrets, asked } = await read({}, {});
  expect(secrets).toEqual({ tokens: {}, receivers: {} });
  expect(asked).toEqual([]);
});
