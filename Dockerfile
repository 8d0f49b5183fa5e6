# The one executable on a slim base, as a user without privileges. Data is whatever is mounted at /disk.
# Where no registry is reachable, scripts/compose/base-image makes the base from files of a Debian machine.
FROM node:20-bookworm-slim AS build
LABEL offshore.stage=build
WORKDIR /src
COPY . .
ARG OFFSHORE_REVISION
# A current build from outside is taken as it is: that is how a machine builds the image whose containers reach no npm registry.
RUN node scripts/compose/dist-is-current.mjs || node scripts/prepare.mjs

FROM node:20-bookworm-slim
COPY --from=build /src/dist /opt/offshore
RUN ln -s /opt/offshore/offshore /usr/local/bin/offshore && mkdir /disk && chown 1000:1000 /disk
# As scripts/start does for its nodes: glibc keeps what bodies of some MiB free, instead of faulting it in again.
ENV NODE_ENV=production MALLOC_TRIM_THRESHOLD_=134217728 MALLOC_ARENA_MAX=4
USER 1000:1000
WORKDIR /disk
STOPSIGNAL SIGTERM
ENTRYPOINT ["offshore"]
CMD ["--help"]
