# SPDX-License-Identifier: Apache-2.0
"""Memory: what an idle client and an idle link cost, whether anything grows with time, and what many
idle clients do to those who work."""

import time

import measure
import paths
import speed
import sysbench
import wire

WARM = 100  # the first ones also pay for what is allocated once
BUSY = 64
LINKS_COUNTED = 1000
TLS_CLIENTS_MAX = 2000
SETTLE_S = 1.0
CHURN_THREADS = 32
CHURN_SAMPLE_S = 2
# As much as a usual connector tells of itself.
ATTRIBUTES = ((b"_client_name", b"libmariadb"), (b"_client_version", b"3.3.10"), (b"_os", b"Linux"),
              (b"_pid", b"12345"), (b"_platform", b"x86_64"), (b"program_name", b"application"),
              (b"_server_host", b"127.0.0.1"))


def open_clients(path, count, tls=None):
    """Each logs in, asks one question and stays."""
    clients = []
    for number in range(count):
        clients.append(path.connect(attributes=ATTRIBUTES, tls=tls))
        clients[-1].query("SELECT 1")
        if number % 100 == 0:
            speed.progress(f"{path.name}: {number} of {count} idle clients")
    speed.progress("")
    return clients


def close_clients(clients):
    for client in clients:
        client.close()


def point_selects(path, seconds):
    report = sysbench.run("oltp_point_select", path.port, BUSY, seconds, "--histogram=on", speed.TABLE)
    if report.status != 0 or report.queries == 0:
        raise sysbench.SysbenchError(f"{path.name}: " + "; ".join(report.fatal_text[:3] or ["no queries"]))
    return {"qps": report.qps, "p99_ms": report.quantile_ms(0.99)}


def idle_clients(path, server, count, seconds, tls=None):
    """Memory by idle client; what those who work get without them and beside them."""
    line = {"path": path.name, "clients": count, "tls": tls is not None}
    if seconds:
        line["alone"] = point_selects(path, seconds)
    clients = open_clients(path, WARM, tls)
    time.sleep(SETTLE_S)
    before = measure.rss_bytes(path.pid)
    try:
        clients += open_clients(path, count, tls)
        time.sleep(SETTLE_S)
        line["rss_before"], line["rss_after"] = before, measure.rss_bytes(path.pid)
        line["bytes_per_client"] = (line["rss_after"] - before) / count
        line["server_connections"] = measure.connections_to(path.pid, server.port)
        if seconds:
            line["beside"] = point_selects(path, seconds)
    finally:
        close_clients(clients)
    return line


def bytes_per_link(server, engine, workers):
    """Weir with many warm links against Weir with few."""
    sizes = []
    for links in (WARM, WARM + LINKS_COUNTED):
        path = paths.Weir(server, engine, workers=workers, pool_size=links, pool_max_size=links,
                          server_max_connections=links + 1)
        try:
            client = path.connect()
            client.query("SELECT 1")
            for _ in range(600):
                if measure.connections_to(path.pid, server.port) >= links:
                    break
                time.sleep(0.1)
            else:
                raise sysbench.SysbenchError(f"{path.name} did not open {links} links in a minute")
            time.sleep(SETTLE_S)
            sizes.append(measure.rss_bytes(path.pid))
            client.close()
        finally:
            path.stop()
    return (sizes[1] - sizes[0]) / LINKS_COUNTED


def print_idle(lines, links):
    print("Clients that log in, ask one question and stay: growth of the proxy's resident memory by client; and "
          f"{BUSY} others\nwho work without and beside them.\n")
    print("path           idle clients       RSS MiB   bytes/client  conns   q/s alone  beside   p99 ms alone  beside")
    for line in lines:
        name = line["path"] + (" TLS" if line["tls"] else "")
        rss = f"{line['rss_before'] / 2**20:.1f} > {line['rss_after'] / 2**20:.1f}"
        text = (f"{name:<17}{line['clients']:>10}{rss:>14}{line['bytes_per_client']:>15,.0f}"
                f"{line['server_connections']:>7}")
        if "alone" in line:
            alone, beside = line["alone"], line["beside"]
            text += (f"{alone['qps']:>12,.0f}{beside['qps']:>8,.0f}{alone['p99_ms']:>15.2f}"
                     f"{beside['p99_ms']:>8.2f}")
        print(text)
    for name, size in links.items():
        print(f"{name}: {size:,.0f} bytes per idle link")
    print()


def run_idle(options):
    """The section "idle" of ./dev bench."""
    server = paths.start_server(options.idle + LINKS_COUNTED + 500, "--thread-handling=pool-of-threads")
    lines, links, ways = [], {}, []
    try:
        sysbench.prepare(server.port, speed.ROWS)
        ways, missing = speed.ways_of(options, server)
        for text in missing:
            print(f"skipped {text}")
        for path in ways:
            if path.pid is None:
                continue
            count = min(options.idle, getattr(path, "max_clients", options.descriptors) - WARM - BUSY - 10)
            try:
                lines.append(idle_clients(path, server, count, options.seconds))
                if isinstance(path, paths.Weir):
                    lines.append(idle_clients(path, server, min(count, TLS_CLIENTS_MAX), 0,
                                              wire.unverified_tls()))
            except (OSError, wire.Closed, wire.ServerError, sysbench.SysbenchError) as error:
                print(f"failed: {path.name}: {error}")
        for path in ways:
            path.stop()
        for engine in options.engines:
            try:
                links[paths.ENGINES[engine]] = bytes_per_link(server, engine, options.workers)
            except paths.Unavailable:
                pass
        ways = []
        print_idle(lines, links)
        return {"clients": lines, "bytes_per_link": links}
    finally:
        for path in ways:
            path.stop()
        server.destroy()
        server.remove_template()


def churn(path, port, seconds, samples):
    """Clients that connect, ask and leave, without end; (seconds, logins so far, RSS) now and then."""
    begun = time.monotonic()
    found = []

    def look(_report):
        now = time.monotonic() - begun
        if now >= (len(found) + 1) * seconds / samples:
            found.append((now, path.counters()["Connections"], measure.rss_bytes(path.pid)))
    report = sysbench.run(speed.WORKLOADS[-1].script, port, CHURN_THREADS, seconds, speed.TABLE, on_line=look)
    if report.status != 0:
        raise sysbench.SysbenchError("; ".join(report.fatal_text[:3]))
    found.append((time.monotonic() - begun, path.counters()["Connections"], measure.rss_bytes(path.pid)))
    return found


def run_churn(options):
    """The section "churn": RSS after a sixth of the time (as after ten minutes of an hour), and at the end."""
    server = paths.start_server(options.links + 50)
    measured = {}
    try:
        sysbench.prepare(server.port, speed.ROWS)
        found, missing = paths.weir_engines(server, options.engines, workers=options.workers,
                                            pool_max_size=options.links,
                                            server_max_connections=options.links + 1)
        for text in missing:
            print(f"skipped {text}")
        for path in found:
            try:
                samples = churn(path, path.port, options.churn, max(12, options.churn // CHURN_SAMPLE_S // 10))
            finally:
                path.stop()
            early = next(s for s in samples if s[0] >= options.churn / 6)
            last = samples[-1]
            growth = last[2] - early[2]
            print(f"{path.name}: {last[1]:,} logins in {last[0]:.0f} s; RSS {early[2] / 2**20:.2f} MiB after "
                  f"{early[0]:.0f} s and {early[1]:,}, {last[2] / 2**20:.2f} at the end: {growth / 1024:+.0f} KiB")
            measured[path.name] = {"samples": samples, "growth": growth}
        print()
        return measured
    finally:
        server.destroy()
        server.remove_template()
