/** What the server nodes on one database share besides it. Tested in test/contract/postgres.test.ts. @module */

export interface Nodes {
  /**
   * Uses a name up, for all nodes.
   * @param keep_ms how long it is remembered at least
   * @returns false when it was used before
   * @throws {StoreError} `STORE_UNAVAILABLE`: it cannot be remembered, so it is not good
   */
  useOnce(name: string, keep_ms: number): Promise<boolean>
  /**
   * Takes the place that one node has at a time: the one that signs the log. One that was taken here before and not left
   * is lost with it.
   * @returns null when another has it
   * @throws {StoreError} `STORE_UNAVAILABLE`
   */
  takePlace(): Promise<Place | null>
}

export interface Place {
  /** False once the connection that holds it is lost: another node may have it from then on. */
  isHeld(): boolean
  /** Asks whether it still is: false too when there is no answer. */
  confirm(): Promise<boolean>
  /** Another node may have it afterwards, whatever fails. */
  leave(): Promise<void>
}
