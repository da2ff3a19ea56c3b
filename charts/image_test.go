package charts

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var (
	image   = flag.Bool("image", false, "build the image, which takes minutes")
	archive = flag.String("archive", "", "file that gets the image as an OCI archive, under the name lockstep:dev, for a node to import")
)

// kitchen builds images without a registry: of bases that it makes itself, under the names of the real ones.
type kitchen struct {
	t       *testing.T
	storage []string
}

const (
	goImage   = "docker.io/library/golang:1.26.8"
	baseImage = "gcr.io/distroless/static:nonroot"
	revision  = "4fe97890a1b2c3d4e5f60718293a4b5c6d7e8f90"
	committed = "1772373792" // 2026-03-01T14:03:12Z
)

func newKitchen(t *testing.T) *kitchen {
	t.Helper()
	if !*image {
		t.Skip("takes minutes: make image-test")
	}
	if _, err := exec.LookPath("buildah"); err != nil || os.Getuid() != 0 {
		t.Skip("needs root and buildah (the Debian package of that name)")
	}
	dir := t.TempDir()
	return &kitchen{t, []string{"--storage-driver", "vfs", "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run")}}
}

func (k *kitchen) buildah(args ...string) string {
	k.t.Helper()
	cmd := exec.Command("buildah", append(slices.Clone(k.storage), args...)...)
	var wrong strings.Builder
	cmd.Stderr = &wrong
	out, err := cmd.Output()
	if err != nil {
		k.t.Fatalf("buildah %s: %v\n%s%s", strings.Join(args, " "), err, out, &wrong)
	}
	return strings.TrimSpace(string(out))
}

// base makes an image of the files in a folder.
func (k *kitchen) base(name, platform, dir, instructions string) {
	k.t.Helper()
	file := filepath.Join(k.t.TempDir(), "Dockerfile")
	must(k.t, os.WriteFile(file, []byte("FROM scratch\nCOPY . /\n"+instructions), 0o600))
	k.buildah("build", "--isolation", "chroot", "--platform", platform, "--timestamp", committed, "-f", file, "-t", name, dir)
}

// compiler stands in for the image of Go: a shell, for the Go and the module cache of this machine, which are mounted.
func (k *kitchen) compiler() {
	k.t.Helper()
	// What the build downloads is all that go.mod names, of which this machine may have only what it has compiled.
	if out, err := exec.Command("go", "mod", "download", "-C", "..").CombinedOutput(); err != nil {
		k.t.Fatalf("download modules: %v\n%s", err, out)
	}
	dir := k.t.TempDir()
	shell, err := exec.LookPath("sh")
	must(k.t, err)
	copyFile(k.t, shell, filepath.Join(dir, "bin", "sh"))
	libraries, err := exec.Command("ldd", shell).Output()
	must(k.t, err)
	for field := range strings.FieldsSeq(string(libraries)) {
		if strings.HasPrefix(field, "/") {
			copyFile(k.t, field, filepath.Join(dir, field))
		}
	}
	must(k.t, os.MkdirAll(filepath.Join(dir, "tmp"), 0o777))
	k.base(goImage, "linux/"+goEnv(k.t, "GOHOSTARCH"), dir,
		"ENV PATH=/usr/local/go/bin:/bin GOTOOLCHAIN=local GOPROXY=off GOMODCACHE=/cache/mod GOCACHE=/cache/build\n")
}

// image builds the Dockerfile for a platform and returns the image's digest.
func (k *kitchen) image(platform, tag string, more ...string) string {
	k.t.Helper()
	root := k.t.TempDir()
	must(k.t, os.WriteFile(filepath.Join(root, "base"), nil, 0o444))
	k.base(baseImage, platform, root, "USER 65532\nWORKDIR /home/nonroot\n")
	args := []string{
		"build", "--isolation", "chroot", "--pull-never", "--no-cache", "--platform", platform, "--timestamp", committed, "-t", tag,
		"--build-arg", "GO_IMAGE=" + goImage, "--build-arg", "BASE_IMAGE=" + baseImage, "--build-arg", "VERSION=v1.2.3",
		"--build-arg", "COMMIT=" + revision, "--build-arg", "DATE=2026-03-01T14:03:12Z",
		"--volume", goEnv(k.t, "GOROOT") + ":/usr/local/go:ro", "--volume", goEnv(k.t, "GOMODCACHE") + ":/cache/mod:ro",
		"--volume", goEnv(k.t, "GOCACHE") + ":/cache/build",
	}
	k.buildah(append(append(args, more...), "..")...)
	var seen struct {
		FromImageDigest string
		OCIv1           struct {
			Config struct {
				User, WorkingDir string
				Entrypoint       []string
				Labels           map[string]string
			}
		}
	}
	must(k.t, json.Unmarshal([]byte(k.buildah("inspect", "--type", "image", tag)), &seen))
	config := seen.OCIv1.Config
	if config.User != "65532:65532" || !slices.Equal(config.Entrypoint, []string{"/lockstep"}) ||
		config.Labels["org.opencontainers.image.revision"] != revision {
		k.t.Errorf("config: %+v", config)
	}
	return seen.FromImageDigest
}

// files are those of an image, and where they are mounted.
func (k *kitchen) files(tag string) (root string, names []string) {
	k.t.Helper()
	container := k.buildah("from", "--pull-never", tag)
	root = k.buildah("mount", container)
	k.t.Cleanup(func() { k.buildah("rm", container) })
	must(k.t, filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, strings.TrimPrefix(path, root))
		}
		return err
	}))
	return root, names
}

func TestImageOfTheSameCommitIsTheSameImage(t *testing.T) {
	k := newKitchen(t)
	k.compiler()
	native := "linux/" + goEnv(t, "GOHOSTARCH")
	first, second := k.image(native, "first"), k.image(native, "second")
	if first != second {
		t.Errorf("digests %s and %s", first, second)
	}
	if *archive != "" {
		k.buildah("push", "--format", "oci", "first", "oci-archive:"+*archive+":docker.io/library/lockstep:dev")
	}
	root, names := k.files("first")
	if want := []string{"/base", "/lockstep"}; !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
	program := filepath.Join(root, "lockstep")
	said, err := exec.Command(program, "version").Output()
	must(t, err)
	if want := "lockstep v1.2.3 (commit 4fe9789 of 2026-03-01T14:03:12Z, go1."; !strings.HasPrefix(string(said), want) {
		t.Errorf("version: %s, want %s", said, want)
	}
	isStatic(t, program, map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[goEnv(t, "GOHOSTARCH")])
}

func TestImageForTheOtherArchitecture(t *testing.T) {
	k := newKitchen(t)
	k.compiler()
	arch, machine := "arm64", elf.EM_AARCH64
	if goEnv(t, "GOHOSTARCH") == arch {
		arch, machine = "amd64", elf.EM_X86_64
	}
	// By the argument, not by --platform: which image stands for which platform is not the same in all versions of buildah.
	k.image("linux/"+goEnv(t, "GOHOSTARCH"), "other", "--build-arg", "TARGETARCH="+arch)
	root, _ := k.files("other")
	isStatic(t, filepath.Join(root, "lockstep"), machine)
}

// isStatic tells a program that needs nothing else of its image, and says how large it is.
func isStatic(t *testing.T, path string, machine elf.Machine) {
	t.Helper()
	file, err := elf.Open(path)
	must(t, err)
	defer func() { _ = file.Close() }()
	if file.Machine != machine {
		t.Errorf("it is for %s, want %s", file.Machine, machine)
	}
	for _, program := range file.Progs {
		if program.Type == elf.PT_INTERP {
			t.Error("it needs a loader")
		}
	}
	content, err := os.ReadFile(path)
	must(t, err)
	t.Logf("%s: %.1f MiB, sha256 %x", machine, float64(len(content))/(1<<20), sha256.Sum256(content))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	must(t, err)
	must(t, os.MkdirAll(filepath.Dir(to), 0o755))
	must(t, os.WriteFile(to, content, 0o755))
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	must(t, err)
	return strings.TrimSpace(string(out))
}
