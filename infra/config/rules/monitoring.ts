import { readAlerts } from "../../../components/monitoring/alerts/settings.ts";
import type { Finding, Path } from "../problems.ts";
import { didYouMean } from "../suggest.ts";
import type { RuleInput } from "./input.ts";

const at = (...path: Path): Path => ["monitoring", ...path];
const own = ["gateway", "postgres", "pgbouncer", "prometheus", "alertmanager"];

/** Numbers of alerts, and the names that routes of alerts refer to. */
export function monitoringRules({ spec }: RuleInput): readonly Finding[] {
  return [...alertFindings(spec), ...routeFindings(spec)];
}

function alertFindings({ monitoring }: RuleInput["spec"]): Finding[] {
  return readAlerts(monitoring.alerts).problems.map(({ at: place, ...problem }) => ({
    at: at("alerts", ...place),
    ...problem,
  }));
}

function routeFindings({ monitoring, servers }: RuleInput["spec"]): Finding[] {
  const { receivers, routes, maintenance } = monitoring.alertmanager;
  const known = receivers.map(({ name }) => name);
  const services = [...servers.map(({ name }) => name).filter((name) => name !== ""), ...own];
  const unknown = (name: string, names: readonly string[], what: string, ...path: Path) =>
    names.includes(name)
      ? []
      : [
          {
            at: at("alertmanager", ...path),
            got: JSON.stringify(name),
            allowed: names.length === 0 ? `there is no ${what}` : `no such ${what}`,
            ...(names.length > 0 && { fix: didYouMean(name, names) }),
          },
        ];
  const lists = (["critical", "warning", "info", "heartbeat"] as const).flatMap((list) =>
    (routes[list] ?? []).flatMap((name, index) =>
      unknown(name, known, "receiver", "routes", list, index),
    ),
  );
  const special = routes.services.flatMap((entry, index) => [
    ...entry.receivers.flatMap((name, place) =>
      unknown(name, known, "receiver", "routes", "services", index, "receivers", place),
    ),
    ...entry.services.flatMap((name, place) =>
      unknown(name, services, "service", "routes", "services", index, "services", place),
    ),
  ]);
  const pointless =
    receivers.length > 0 && routes.critical.length === 0
      ? [
          {
            at: at("alertmanager", "routes", "critical"),
            allowed: "there are receivers, but critical alerts reach nobody",
            fix: `set it to one of ${known.join(", ")}`,
          },
        ]
      : [];
  const empty = maintenance.flatMap(({ name, from, to }, index) =>
    from < to
      ? []
      : [
          {
            at: at("alertmanager", "maintenance", index, "to"),
            got: JSON.stringify(to),
            allowed: `${name} has to end after it begins (${from}); split a window at midnight`,
          },
        ],
  );
  return [
    ...twice(known, "receivers"),
    ...twice(
      maintenance.map(({ name }) => name),
      "maintenance",
    ),
    ...lists,
    ...special,
    ...pointless,
    ...empty,
  ];
}

function twice(names: readonly string[], list: "receivers" | "maintenance"): Finding[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          {
            at: at("alertmanager", list, index, "name"),
            got: JSON.stringify(name),
            allowed: "another one has this name",
          },
        ],
  );
}
