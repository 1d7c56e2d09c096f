/** How parts of the fleet are told apart in expressions: alerts keep these labels, and are routed and inhibited by them. */
export const byService = "by (service, component)";
