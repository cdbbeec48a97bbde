/** Reads `countersign.yaml` again when it changes or SIGHUP says so. spec/gateway.md (GWC-4). @module */
import { watch, type FSWatcher } from 'node:fs'
import { basename, dirname } from 'node:path'
import { readConfig, type GatewayConfig } from './config.ts'

/** Editors write a file in several steps. */
const SETTLE_MS = 100

export interface ConfigWatch {
  close(): void
}

/**
 * @param apply takes the new settings; what it throws is a bad file too
 * @param onBad told why the old settings stay
 */
export function watchConfig(
  path: string,
  apply: (config: GatewayConfig) => void,
  onBad: (error: unknown) => void,
): ConfigWatch {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const load = (): void => {
    running = running.then(async () => {
      try {
        apply(await readConfig(path))
      } catch (error) {
        onBad(error)
      }
    })
  }
  const soon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(load, SETTLE_MS)
  }
  process.on('SIGHUP', load)
  // The folder and not the file: an editor may put another file in its place.
  let watcher: FSWatcher | null = null
  try {
    watcher = watch(dirname(path), (_, name) => {
      if (name === null || name === basename(path)) soon()
    })
    watcher.on('error', onBad)
  } catch (error) {
    onBad(error) // SIGHUP is left
  }
  return {
    close: () => {
      process.off('SIGHUP', load)
      clearTimeout(timer)
      watcher?.close()
    },
  }
}
