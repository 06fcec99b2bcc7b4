/** Every address of the manager. A page is loaded when it is first visited; hovering a link loads it early. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { ApiProblem } from "../api/api";
import { meQuery } from "../api/me";
import { queryClient, whenSignedOut } from "../api/queryClient";
import { waysQuery } from "../api/ways";
import { ErrorPage } from "../ui/ErrorState";
import { PagePending } from "../ui/Loading";
import { NotFound } from "../ui/NotFound";
import { withStyles } from "./lazyStyles";
import { Shell } from "./shell/Shell";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: ErrorPage });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string; refused?: string } => ({
    ...(typeof search.next === "string" ? { next: search.next } : {}),
    ...(typeof search.refused === "string" ? { refused: search.refused } : {}),
  }),
  // Before the page is shown, so that nothing moves when the answer comes; without an answer the password is left.
  loader: () => queryClient.prefetchQuery(waysQuery),
  component: lazyRouteComponent(() => import("../features/sign-in/SignInPage"), "SignInPage"),
});

/** Everything behind it needs somebody who is signed in (rule AC1). */
const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: async ({ location }) => {
    try {
      return { me: await queryClient.ensureQueryData(meQuery) };
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) throw redirect({ to: "/sign-in", search: { next: location.href } });
      throw error;
    }
  },
  component: Shell,
});

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  validateSearch: (search: Record<string, unknown>): { new?: boolean } => (search.new ? { new: true } : {}),
  component: lazyRouteComponent(() => import("../features/home/HomePage"), "HomePage"),
});

const agent = createRoute({
  getParentRoute: () => shell,
  path: "/agents/$agentId",
  component: lazyRouteComponent(
    withStyles(() => import("../features/agent/AgentLayout")),
    "AgentLayout",
  ),
});
const agentIndex = createRoute({
  getParentRoute: () => agent,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/agents/$agentId/stages", params, replace: true });
  },
});
const agentStages = createRoute({
  getParentRoute: () => agent,
  path: "/stages",
  validateSearch: (search: Record<string, unknown>): { view?: "graph"; stage?: string } => ({
    ...(search.view === "graph" ? { view: "graph" as const } : {}),
    ...(typeof search.stage === "string" ? { stage: search.stage } : {}),
  }),
  component: lazyRouteComponent(
    withStyles(() => import("../features/agent/stages/StagesTab")),
    "StagesTab",
  ),
});
const agentTool = createRoute({
  getParentRoute: () => agent,
  path: "/tools/$tool",
  component: lazyRouteComponent(
    withStyles(() => import("../features/agent/tools/ToolPage")),
    "ToolPage",
  ),
});
const agentResources = createRoute({
  getParentRoute: () => agent,
  path: "/resources",
  component: lazyRouteComponent(
    withStyles(() => import("../features/agent/resources/ResourcesTab")),
    "ResourcesTab",
  ),
});
const agentConversations = createRoute({
  getParentRoute: () => agent,
  path: "/conversations",
  component: lazyRouteComponent(
    withStyles(() => import("../features/agent/conversations/ConversationsTab")),
    "ConversationsTab",
  ),
});
const agentVoip = createRoute({
  getParentRoute: () => agent,
  path: "/voip",
  component: lazyRouteComponent(
    withStyles(() => import("../features/agent/voip/VoipTab")),
    "VoipTab",
  ),
});
const agentTest = createRoute({
  getParentRoute: () => agent,
  path: "/test",
  component: lazyRouteComponent(
    withStyles(() => import("../features/test/TestTab")),
    "TestTab",
  ),
});
const agentAdvanced = createRoute({
  getParentRoute: () => agent,
  path: "/advanced",
  component: lazyRouteComponent(
    withStyles(() => import("../features/agent/advanced/AdvancedTab")),
    "AdvancedTab",
  ),
});
const agentDeployments = createRoute({
  getParentRoute: () => agent,
  path: "/deployments",
  component: lazyRouteComponent(
    withStyles(() => import("../features/agent/deploy/DeploymentsPage")),
    "DeploymentsPage",
  ),
});

/** The filter of the list of calls stands in the address, so that a view can be saved and sent. */
export interface CallsSearch {
  agent_id?: string;
  number?: string;
  direction?: string;
  ended_reason?: string;
  fault?: string;
  channel?: string;
  from?: string;
  to?: string;
  is_test?: string;
  q?: string;
}
const CALLS_SEARCH = ["agent_id", "number", "direction", "ended_reason", "fault", "channel", "from", "to", "is_test", "q"] as const;

const calls = createRoute({
  getParentRoute: () => shell,
  path: "/calls",
  validateSearch: (search: Record<string, unknown>): CallsSearch =>
    Object.fromEntries(CALLS_SEARCH.flatMap((name) => (search[name] === undefined ? [] : [[name, String(search[name])]]))),
  component: lazyRouteComponent(
    withStyles(() => import("../features/calls/CallsPage")),
    "CallsPage",
  ),
});
const call = createRoute({
  getParentRoute: () => shell,
  path: "/calls/$callId",
  validateSearch: (search: Record<string, unknown>): { t?: number } =>
    Number.isFinite(Number(search.t)) && search.t !== undefined ? { t: Number(search.t) } : {},
  component: lazyRouteComponent(
    withStyles(() => import("../features/calls/CallPage")),
    "CallPage",
  ),
});
const voicemails = createRoute({
  getParentRoute: () => shell,
  path: "/voicemails",
  component: lazyRouteComponent(
    withStyles(() => import("../features/voicemails/VoicemailsPage")),
    "VoicemailsPage",
  ),
});
const conversation = createRoute({
  getParentRoute: () => shell,
  path: "/conversations/$sessionId",
  component: lazyRouteComponent(
    withStyles(() => import("../features/conversations/ConversationPage")),
    "ConversationPage",
  ),
});
const live = createRoute({
  getParentRoute: () => shell,
  path: "/live",
  component: lazyRouteComponent(
    withStyles(() => import("../features/live/LivePage")),
    "LivePage",
  ),
});
const numbers = createRoute({
  getParentRoute: () => shell,
  path: "/numbers",
  validateSearch: (search: Record<string, unknown>): { number?: string; agent?: string } => ({
    ...(typeof search.number === "string" ? { number: search.number } : {}),
    ...(search.agent === undefined ? {} : { agent: String(search.agent) }),
  }),
  component: lazyRouteComponent(
    withStyles(() => import("../features/numbers/NumbersPage")),
    "NumbersPage",
  ),
});
const blocked = createRoute({
  getParentRoute: () => shell,
  path: "/blocked",
  component: lazyRouteComponent(
    withStyles(() => import("../features/blocked/BlockedPage")),
    "BlockedPage",
  ),
});
const integrations = createRoute({
  getParentRoute: () => shell,
  path: "/integrations",
  component: lazyRouteComponent(
    withStyles(() => import("../features/integrations/IntegrationsPage")),
    "IntegrationsPage",
  ),
});
const embed = createRoute({
  getParentRoute: () => shell,
  path: "/embed",
  component: lazyRouteComponent(
    withStyles(() => import("../features/embed/EmbedPage")),
    "EmbedPage",
  ),
});
const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings/$section",
  component: lazyRouteComponent(
    withStyles(() => import("../features/settings/SettingsPage")),
    "SettingsPage",
  ),
});
/** What the log is narrowed to, and the entry that is open. */
export interface AuditSearch {
  entity?: string;
  entity_id?: string;
  entry?: number;
}
const audit = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  validateSearch: (search: Record<string, unknown>): AuditSearch => ({
    ...(typeof search.entity === "string" ? { entity: search.entity } : {}),
    ...(search.entity_id === undefined ? {} : { entity_id: String(search.entity_id) }),
    ...(Number.isInteger(search.entry) ? { entry: Number(search.entry) } : {}),
  }),
  component: lazyRouteComponent(
    withStyles(() => import("../features/audit/AuditPage")),
    "AuditPage",
  ),
});

const routeTree = root.addChildren([
  signIn,
  shell.addChildren([
    home,
    agent.addChildren([
      agentIndex,
      agentStages,
      agentTool,
      agentResources,
      agentConversations,
      agentVoip,
      agentTest,
      agentAdvanced,
      agentDeployments,
    ]),
    calls,
    call,
    voicemails,
    conversation,
    live,
    numbers,
    blocked,
    integrations,
    embed,
    settings,
    audit,
  ]),
]);

export const router = createRouter({
  routeTree,
  defaultPreload: "intent",
  defaultPendingMs: 150,
  defaultPendingMinMs: 0,
  defaultPendingComponent: PagePending,
  scrollRestoration: true,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: ErrorPage,
});

whenSignedOut(() => {
  if (!router.state.location.pathname.startsWith("/sign-in")) {
    queryClient.clear();
    void router.navigate({ to: "/sign-in", search: { next: router.state.location.href } });
  }
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
