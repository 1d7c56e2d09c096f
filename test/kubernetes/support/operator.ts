import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KubernetesApiError } from "../../../components/platform/kubernetes/api.ts";
import type { KubernetesClient } from "../../../components/platform/kubernetes/client.ts";
import { rootDir } from "../../../infra/root-dir.ts";
import { eventually } from "./pods.ts";

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/**
 * Makes the operator's kinds known to a cluster, by the definitions whose schemas `fleet preview` asks; the operator
 * itself is not needed to store them.
 */
export async function defineOperatorKinds({ api }: KubernetesClient): Promise<void> {
  const module = "github.com/prometheus-operator/prometheus-operator";
  const { Dir: folder } = JSON.parse(
    execFileSync("go", ["mod", "download", "-json", module], {
      cwd: join(rootDir, "toolchain", "kubernetes", "crds"),
      encoding: "utf8",
    }),
  ) as { readonly Dir: string };
  for (const plural of ["prometheusrules", "podmonitors"]) {
    const file = join(folder, "jsonnet", "prometheus-operator", `${plural}-crd.json`);
    await api.post(definitions, JSON.parse(readFileSync(file, "utf8"))).catch((error: unknown) => {
      // Somebody's cluster may have it.
      if (!(error instanceof KubernetesApiError) || error.status !== 409) throw error;
    });
    await eventually(`${plural} are served`, 60, () =>
      api.find(`/apis/monitoring.coreos.com/v1/${plural}`),
    );
  }
}
