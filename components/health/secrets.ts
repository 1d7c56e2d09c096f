/** A secret as a probe names it. */
export type SecretName =
  | { readonly kind: "token"; /** Client of the gateway. */ readonly of: string }
  | { readonly kind: "password"; /** Role of the database. */ readonly of: string };

/** Looks a secret up at the moment of asking. @throws Error saying what is missing. */
export type SecretSource = (name: SecretName) => Promise<string>;

/** A secret could not be had. */
export class SecretError extends Error {
  constructor({ kind, of }: SecretName, options?: ErrorOptions) {
    const why = options?.cause instanceof Error ? `: ${options.cause.message}` : "";
    super(`the ${kind} of ${of} cannot be had${why}`, options);
    this.name = "SecretError";
  }
}

/** Hands out secrets and strikes them from whatever is said afterwards. */
export class Secrets {
  readonly #source: SecretSource;
  readonly #known = new Set<string>();

  constructor(source: SecretSource) {
    this.#source = source;
  }

  async get(name: SecretName): Promise<string> {
    const value = await this.#source(name).catch((error: unknown) => {
      throw new SecretError(name, { cause: error });
    });
    // Striking very short words would make a text unreadable and hide nothing.
    if (value.length >= 6) this.#known.add(value);
    return value;
  }

  strike(text: string): string {
    let struck = text;
    for (const secret of this.#known) struck = struck.replaceAll(secret, "[secret]");
    return struck;
  }
}
