# The program in an image of its own: one file, no shell, no package manager, not root.
#   docker build --build-arg BUILD_COMMIT=$(git rev-parse --short=12 HEAD) -t manas360 .
# It runs on a read-only file system; only /tmp must be writable and, for the native password hash, executable:
#   docker run --read-only --tmpfs /tmp:exec,mode=1777 --cap-drop ALL --security-opt no-new-privileges --env-file … manas360
ARG BASE=gcr.io/distroless/cc-debian12:nonroot

FROM oven/bun:1.4.5 AS build
WORKDIR /app
COPY package.json bun.lock ./
COPY patches patches
# No install script runs: what is compiled in is what the lock file names.
RUN bun install --frozen-lockfile --production --ignore-scripts
COPY tsconfig.json ./
COPY sql sql
COPY src src
COPY scripts/build.ts scripts/build.ts
ARG BUILD_COMMIT=unknown
RUN BUILD_COMMIT="$BUILD_COMMIT" bun scripts/build.ts

FROM ${BASE}
ARG BUILD_COMMIT=unknown
LABEL org.opencontainers.image.title="manas360-backend" \
      org.opencontainers.image.description="Accounts, access and entitlements for MANAS360" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${BUILD_COMMIT}"
COPY --from=build /app/dist/manas360 /manas360
USER 65532:65532
ENV NODE_ENV=production
EXPOSE 3000
STOPSIGNAL SIGTERM
# Whether the process is alive. The load balancer asks /ready; nobody is to be restarted for a database's outage.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/manas360", "healthcheck"]
ENTRYPOINT ["/manas360"]
CMD ["serve"]
