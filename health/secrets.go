package health

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// secretName tells names of settings whose values are not to be shown.
var secretName = regexp.MustCompile(`(?i)pass|pwd|secret|token|key|cred|auth|private|dsn|conn.*str|salt|cert|session|cookie|signature`)

// secrecy gathers the values that a log of one pod must not show. Where one of them cannot be learned, no line is shown.
type secrecy struct {
	read      reader
	namespace string
	since     time.Time // when the run began whose log it is
	values    []string
	withheld  string // why no line may be shown; the first is kept
}

// reader reads the objects that hold secrets.
type reader interface {
	secret(ctx context.Context, namespace, name string) (*corev1.Secret, error)
	configMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error)
}

func (s *secrecy) withhold(format string, args ...any) {
	if s.withheld == "" {
		s.withheld = fmt.Sprintf(format, args...)
	}
}

// pod gathers all that the containers of p were given.
func (s *secrecy) pod(ctx context.Context, p *corev1.Pod) {
	for name := range p.Annotations {
		if strings.HasPrefix(name, "vault.hashicorp.com/agent-inject") {
			s.withhold("Vault puts secrets into the pod that cannot be read")
		}
	}
	for _, c := range p.Spec.InitContainers {
		s.container(ctx, c)
	}
	for _, c := range p.Spec.Containers {
		s.container(ctx, c)
	}
	for _, c := range p.Spec.EphemeralContainers {
		s.container(ctx, corev1.Container(c.EphemeralContainerCommon))
	}
	for _, volume := range p.Spec.Volumes {
		s.volume(ctx, volume)
	}
}

func (s *secrecy) container(ctx context.Context, c corev1.Container) {
	for _, env := range c.Env {
		s.env(ctx, env)
	}
	for _, from := range c.EnvFrom {
		if from.SecretRef != nil {
			s.secret(ctx, from.SecretRef.Name, from.SecretRef.Optional)
		}
		if from.ConfigMapRef != nil {
			s.configMap(ctx, from.ConfigMapRef.Name, from.ConfigMapRef.Optional, secretName.MatchString)
		}
	}
	s.arguments(append(append([]string{}, c.Command...), c.Args...))
}

// env takes in the value of one variable, if its name says that it is secret or a Secret holds it.
func (s *secrecy) env(ctx context.Context, env corev1.EnvVar) {
	s.values = append(s.values, password(env.Value))
	named := secretName.MatchString(env.Name)
	switch from := env.ValueFrom; {
	case from == nil:
		if named {
			s.values = append(s.values, env.Value)
		}
	case from.SecretKeyRef != nil:
		s.secret(ctx, from.SecretKeyRef.Name, from.SecretKeyRef.Optional)
	case !named:
	case from.ConfigMapKeyRef != nil:
		s.configMap(ctx, from.ConfigMapKeyRef.Name, from.ConfigMapKeyRef.Optional, func(key string) bool {
			return key == from.ConfigMapKeyRef.Key
		})
	case from.FieldRef == nil && from.ResourceFieldRef == nil:
		s.withhold("the value of %s cannot be read", env.Name)
	}
}

// arguments takes in what follows a flag whose name says that it is secret.
func (s *secrecy) arguments(args []string) {
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		s.values = append(s.values, password(value))
		switch {
		case !secretName.MatchString(name) || !strings.HasPrefix(name, "-") && !joined:
		case joined:
			s.values = append(s.values, value)
		case i+1 < len(args):
			s.values = append(s.values, args[i+1])
		}
	}
}

func (s *secrecy) volume(ctx context.Context, volume corev1.Volume) {
	switch {
	case volume.Secret != nil:
		s.secret(ctx, volume.Secret.SecretName, volume.Secret.Optional)
	case volume.Projected != nil:
		for _, source := range volume.Projected.Sources {
			if source.Secret != nil {
				s.secret(ctx, source.Secret.Name, source.Secret.Optional)
			}
		}
	case volume.CSI != nil && strings.Contains(volume.CSI.Driver, "secret"):
		s.withhold("the secrets of volume %s cannot be read", volume.Name)
	}
}

// secret takes in all values of a Secret. One that has changed since the run began may have had others then.
func (s *secrecy) secret(ctx context.Context, name string, optional *bool) {
	if s.withheld != "" {
		return
	}
	secret, err := s.read.secret(ctx, s.namespace, name)
	if s.missed("Secret", name, optional, err) {
		return
	}
	if changed(secret).After(s.since) {
		s.withhold("Secret %s has changed since the container began, and what it held then is not known", name)
	}
	for _, value := range secret.Data {
		s.values = append(s.values, string(value))
	}
}

// configMap takes in the values of a ConfigMap under the keys that is holds for.
func (s *secrecy) configMap(ctx context.Context, name string, optional *bool, is func(key string) bool) {
	if s.withheld != "" {
		return
	}
	found, err := s.read.configMap(ctx, s.namespace, name)
	if s.missed("ConfigMap", name, optional, err) {
		return
	}
	for key, value := range found.Data {
		if is(key) {
			s.values = append(s.values, value)
		}
	}
}

// missed says why an object could not be read, and whether it is so.
func (s *secrecy) missed(kind, name string, optional *bool, err error) bool {
	switch {
	case err == nil:
		return false
	case apierrors.IsNotFound(err) && optional != nil && *optional:
	case apierrors.IsForbidden(err):
		s.withhold("%s %s may not be read, and its values could not be masked", kind, name)
	default:
		s.withhold("%s %s could not be read, and its values not be masked", kind, name)
	}
	return true
}

// changed is when an object was written last, as far as it tells.
func changed(o metav1.Object) time.Time {
	at := o.GetCreationTimestamp().Time
	for _, entry := range o.GetManagedFields() {
		if entry.Time != nil && entry.Time.After(at) {
			at = entry.Time.Time
		}
	}
	return at
}
