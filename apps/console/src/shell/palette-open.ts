/** Opens the command palette, from anywhere. @module */
import { spotlight } from '@mantine/spotlight'

export function openPalette(): void {
  spotlight.open()
}
