# The program in an image of its own: one file, no shell, no package manager, not root.
#   docker build $(bun scripts/image-arguments.ts) -t manas360 .
# It runs on a read-only file system; only /tmp must be writable and, for the native password hash, executable:
#   docker run --read-only --tmpfs /tmp:exec,mode=1777 --cap-drop ALL --security-opt no-new-privileges --env-file … manas360
#
# One build makes both architectures without emulation: the program is compiled for the target on the builder's own.

ARG BASE=base

# The C library, libgcc and certificates, for linux/amd64 and linux/arm64 under one digest. .github/dependabot.yml renews it.
FROM gcr.io/distroless/cc-debian12:nonroot@sha256:9dac0a79194e45a7da0158a9c6da57b217585af0786db3845d1f0ec1a0dd182f AS base

FROM --platform=$BUILDPLATFORM oven/bun:1.4.5 AS build
ARG TARGETARCH=amd64
WORKDIR /app
COPY package.json bun.lock ./
COPY patches patches
# No install script runs: what is compiled in is what the lock file names.
RUN case "$TARGETARCH" in amd64) echo x64 ;; *) echo "$TARGETARCH" ;; esac > /cpu && \
    bun install --frozen-lockfile --production --ignore-scripts --os=linux --cpu="$(cat /cpu)"
COPY tsconfig.json ./
COPY sql sql
COPY src src
COPY scripts/build.ts scripts/embed-console.ts scripts/options.ts scripts/
ARG REVISION=unknown
RUN BUILD_COMMIT="$(printf %.12s "$REVISION")" bun scripts/build.ts --target "bun-linux-$(cat /cpu)"

FROM ${BASE}
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
ARG SOURCE=unknown
ARG BASE_NAME=unknown
ARG BASE_DIGEST=unknown
LABEL org.opencontainers.image.title="manas360-backend" \
      org.opencontainers.image.description="Accounts, access and entitlements for MANAS360" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="${BASE_NAME}" \
      org.opencontainers.image.base.digest="${BASE_DIGEST}"
COPY --from=build /app/dist/manas360 /manas360
USER 65532:65532
ENV NODE_ENV=production
EXPOSE 3000
STOPSIGNAL SIGTERM
# Whether the process is alive. The load balancer asks /ready; nobody is to be restarted for a database's outage.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/manas360", "healthcheck"]
ENTRYPOINT ["/manas360"]
CMD ["serve"]
