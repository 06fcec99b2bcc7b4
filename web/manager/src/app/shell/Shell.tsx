import { ActionIcon } from "@mantine/core";
import { IconMenu2, IconSearch } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { CommandPalette, openCommandPalette } from "./CommandPalette";
import { MobileMenu } from "./MobileMenu";
import { Navigation } from "./Navigation";
import { RouteAnnouncer } from "./RouteAnnouncer";
import classes from "./Shell.module.css";

/** The rail with the navigation, and the page beside it; below 768 px the rail becomes a drawer. */
export function Shell() {
  const [isMenuOpen, setMenuOpen] = useState(false);
  return (
    <>
      <a className={classes.skip} href="#page">
        Skip to the page
      </a>
      <div className={classes.shell}>
        <header className={classes.header}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label="Open the menu"
            aria-expanded={isMenuOpen}
            onClick={() => setMenuOpen(true)}
          >
            <IconMenu2 size={20} />
          </ActionIcon>
          <Brand />
          <ActionIcon variant="subtle" color="gray" size="lg" ml="auto" aria-label="Search and commands" onClick={openCommandPalette}>
            <IconSearch size={20} />
          </ActionIcon>
        </header>
        <div className={classes.rail}>
          <div className={classes.top}>
            <Brand />
          </div>
          <Navigation />
        </div>
        <MobileMenu isOpen={isMenuOpen} onClose={() => setMenuOpen(false)} brand={<Brand />} />
        <main id="page" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <RouteAnnouncer />
      <CommandPalette />
    </>
  );
}

function Brand() {
  return (
    <Link to="/" className={classes.brand}>
      <img src="/icon.svg" alt="" width={22} height={22} />
      Callstage
    </Link>
  );
}
