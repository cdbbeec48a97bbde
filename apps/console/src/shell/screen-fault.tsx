/** What stands in place of a screen that failed. @module */
import { Container } from '@mantine/core'
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { Failed } from '../parts/states.tsx'

export function ScreenFault({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const again = () => {
    reset()
    void router.invalidate()
  }
  return (
    <Container component="main" pt={40}>
      <Failed error={error} again={again} />
    </Container>
  )
}
