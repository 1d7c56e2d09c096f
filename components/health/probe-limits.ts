/**
 * An attempt that hangs is given up after this, so that three of them are over within 15 s; what the fleet file allows
 * is less patient only if it says so. Seconds.
 */
export const patience = 4;

/** A workload of somebody else may end while it waits for the database, and be started again. */
export const foreignRestarts = 2;
