import { useRequestEvent, useState } from 'nuxt/app'
import { computed, type ComputedRef, type Ref } from 'vue'
import type { ExposedData, ExposingContext } from '../types.ts'

/** The exposed data of the visitor's session, in pages. */
export interface SessionDataView {
  /** The data that the server exposes. `{}` for a visitor without a session, and while `ready` is false. */
  readonly data: ComputedRef<Readonly<ExposedData>>
  /**
   * Whether `data` is known. A page that the server rendered for this request has it from the start. Other pages request it in the
   * browser: prerendered and cached pages, which are the same for all visitors, and pages without server rendering.
   */
  readonly ready: ComputedRef<boolean>
  /**
   * Requests the data again. Call it after an action that has changed the session.
   *
   * @throws the error of the request. Then `data` does not change
   */
  refresh(): Promise<void>
}

interface State {
  readonly data: Readonly<ExposedData>
  readonly ready: boolean
}

/**
 * Returns the exposed data of the visitor's session: the keys in `sessions.expose` of `nuxt.config`, and the values that the hook
 * `sessions:expose` adds. Call it in components, plugins and route middleware. It creates no session and no cookie.
 *
 * @returns reactive data, and a function that requests it again
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

/** Returns a function that resets the data to unknown, so that the payload of the page does not contain it. */
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

/** Requests the data over HTTP. If responses arrive out of order, the response to the latest request counts. */
async function fetchData(state: Ref<State>): Promise<void> {
  const turn = ++asked
  const data = await $fetch<ExposedData>('/_session', { cache: 'no-store' })
  if (turn < answered) return
  answered = turn
  state.value = { data, ready: true }
}
