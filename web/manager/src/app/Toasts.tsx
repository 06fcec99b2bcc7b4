import "@mantine/core/styles/Notification.layer.css";
import "@mantine/notifications/styles.layer.css";
import { Notifications } from "@mantine/notifications";

/** Where short messages appear; loaded with the first of them. */
export default function Toasts() {
  return <Notifications position="bottom-right" limit={4} />;
}
