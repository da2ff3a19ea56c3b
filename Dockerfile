# The image of lockstep: one static program, and nothing else that runs. `make image` builds it.
#
# Both bases are pinned by digest. To take newer ones, put what
#   docker buildx imagetools inspect golang:1.26 --format '{{.Manifest.Digest}}'
# says, and the same of the other, into these lines.
ARG GO_IMAGE=docker.io/library/golang:1.26.8@sha256:6c2a5538f964f1c82f97ad14988bf05de100d922d159d0e398b54c7b0ca0c6c9
ARG BASE_IMAGE=gcr.io/distroless/static:nonroot@sha256:d29e660cc75a5b6b1334e03c5c81ccf9bc0884a002c6000dbf0fb96034814478

# Compiled where it is built, for where it runs: no emulator is needed.
FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=devel
ARG COMMIT=""
ARG DATE=""
# Neither the folder, nor the time, nor a build id is in the program: the same commit gives the same bytes.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=${TARGETOS:-linux} GOARCH=${TARGETARCH} go build -trimpath -buildvcs=false \
    -ldflags "-s -w -buildid= -X main.version=${VERSION} -X main.buildCommit=${COMMIT} -X main.buildDate=${DATE}" \
    -o /out/lockstep ./cmd/lockstep

FROM ${BASE_IMAGE}
ARG VERSION=devel
ARG COMMIT=""
ARG DATE=""
LABEL org.opencontainers.image.title="lockstep" \
      org.opencontainers.image.description="Keeps a Kubernetes cluster in step with a git repository" \
      org.opencontainers.image.source="https://github.com/lockstep-dev/lockstep" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.created="${DATE}"
COPY --from=build /out/lockstep /lockstep
# A number, so that runAsNonRoot can be seen to hold.
USER 65532:65532
ENTRYPOINT ["/lockstep"]
