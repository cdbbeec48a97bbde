/** What stands in place of a screen that failed. @module */
import { Box, Container, VisuallyHidden } from '@mantine/core'
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { useEffect } from 'react'
import { ApiFault } from '../api/client.ts'
import { CODE_MISSING, loadAnew } from '../parts/lazy-screen.ts'
import { Failed } from '../parts/states.tsx'
import { words } from '../words/words.ts'

/** Within the shell. */
export function ScreenFault({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const isMissing = error instanceof ApiFault && error.code === CODE_MISSING
  useEffect(() => {
    if (isMissing) loadAnew()
  }, [isMissing])
  const again = () => {
    if (isMissing) {
      location.reload()
      return
    }
    reset()
    void router.invalidate()
  }
  return (
    <Box maw={640} mx="auto" pt={40}>
      <VisuallyHidden component="h1">{words.states.failed}</VisuallyHidden>
      <Failed error={error} again={again} />
    </Box>
  )
}

/** In place of the shell, too. */
export function PageFault(props: ErrorComponentProps) {
  return (
    <Container component="main">
      <ScreenFault {...props} />
    </Container>
  )
}
