/** Telling software elsewhere of a revocation. spec/signals.md. @module */

/** What became of one try. `gone`: it asks never to be told again. */
export type Delivery =
  { readonly kind: 'taken' } | { readonly kind: 'gone' } | { readonly kind: 'failed'; readonly why: string }

export interface SignalSender {
  /**
   * One try, over one connection, without following redirects. Never rejects.
   * @param taken the statuses that take it
   */
  send(
    url: string,
    message: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
    taken: (status: number) => boolean,
    signal: AbortSignal,
  ): Promise<Delivery>
}
