/** For an address that is none of ours. @module */
import { Container } from '@mantine/core'
import { ButtonLink } from '../parts/link.tsx'
import { Empty } from '../parts/states.tsx'
import { words } from '../words/words.ts'

export function NotFound() {
  return (
    <Container component="main" pt={80}>
      <Empty title={words.states.notFound} next={<ButtonLink to="/">{words.states.home}</ButtonLink>}>
        {words.states.notFoundText}
      </Empty>
    </Container>
  )
}
