/** Settings of a fleet with every kind of receiver, a service of its own team, and a window for maintenance. */
export const receivingFleet = {
  alertmanager: {
    receivers: [
      { name: "pager", kind: "pagerduty" },
      { name: "team", kind: "slack", channel: "#mcp" },
      { name: "hook", kind: "webhook" },
      {
        name: "mail",
        kind: "email",
        to: "ops@example.com",
        from: "alerts@example.com",
        smarthost: "mail.example.com:587",
        username: "alerts",
      },
    ],
    routes: {
      critical: ["pager"],
      warning: ["team", "mail"],
      heartbeat: ["hook"],
      services: [
        { services: ["postgres", "pgbouncer"], severities: ["critical"], receivers: ["hook"] },
      ],
    },
    maintenance: [
      {
        name: "sunday-night",
        from: "02:00",
        to: "04:00",
        weekdays: ["sunday"],
        timezone: "Europe/Berlin",
      },
    ],
  },
} as const;
