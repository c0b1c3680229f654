import { useRequestEvent, useState } from 'nuxt/app'
import { computed, type ComputedRef, type Ref } from 'vue'
import type { ExposedData, ExposingContext } from '../types.ts'

/** What pages know of the session of whoever looks at them. */
export interface SessionDataView {
  /** What the server exposes: `{}` for a visitor without a session, and as long as `ready` is false. */
  readonly data: ComputedRef<Readonly<ExposedData>>
  /**
   * Whether `data` is known. It is from the first moment on pages rendered for the request; prerendered and cached pages,
   * which are the same for everybody, and pages without server rendering ask for it in the browser.
   */
  readonly ready: ComputedRef<boolean>
  /**
   * Ask the server again, after an action that has changed the session.
   *
   * @throws what the request failed with; `data` stays as it was
   */
  refresh(): Promise<void>
}

interface State {
  readonly data: Readonly<ExposedData>
  readonly ready: boolean
}

/**
 * What the server exposes of the session: the keys listed in `sessions.expose` of `nuxt.config`, and what the hook
 * `sessions:expose` adds. In components, plugins and route middleware. Reading creates neither session nor cookie.
 *
 * @example
 * ```vue
 * <script setup lang="ts">
 * const { data, ready, refresh } = useSessionData()
 * async function signOut() {
 *   await $fetch('/api/sign-out', { method: 'POST' })
 *   await refresh()
 * }
 * </script>
 *
 * <template>
 *   <p v-if="!ready">…</p>
 *   <button v-else-if="data.user" @click="signOut">Sign out {{ data.user.name }}</button>
 *   <NuxtLink v-else to="/sign-in">Sign in</NuxtLink>
 * </template>
 * ```
 */
export function useSessionData(): SessionDataView {
  const state = useSessionState()
  const event = useRequestEvent()
  return {
    data: computed(() => state.value.data),
    ready: computed(() => state.value.ready),
    async refresh() {
      if (import.meta.client) return fetchData(state)
      const exposedData: ExposingContext['exposedData'] = event?.context.exposedData
      const data = event && (await exposedData?.(event))
      if (data) state.value = { data, ready: true }
    },
  }
}

/** Returns a function that makes the data unknown again, for the page's copy in the payload. */
export function forget(): () => void {
  const state = useSessionState()
  return () => {
    state.value = UNKNOWN
  }
}

const UNKNOWN: State = { data: {}, ready: false }

function useSessionState(): Ref<State> {
  return useState<State>('unsession', () => UNKNOWN)
}

let asked = 0
let answered = 0

/** Ask over HTTP. The answer to a later question stands, whichever comes first. */
async function fetchData(state: Ref<State>): Promise<void> {
  const turn = ++asked
  const data = await $fetch<ExposedData>('/_session', { cache: 'no-store' })
  if (turn < answered) return
  answered = turn
  state.value = { data, ready: true }
}
