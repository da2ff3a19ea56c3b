package inventory

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// SecretType is the type of the Secrets that inventories are kept in.
	SecretType corev1.SecretType = "lockstep.dev/inventory"

	appLabel     = "lockstep.dev/app"
	managerLabel = "app.kubernetes.io/managed-by"
	manager      = "lockstep"

	prefix = "lockstep."

	// partSize is how much one Secret holds. The API server allows 1 MiB of data.
	partSize = 768 << 10
)

// Keys of the head's data. A part has payloadKey alone.
const (
	versionKey = "version" // of the format, in decimal
	sumKey     = "sha256"  // of the whole payload, in hex
	partsKey   = "parts"   // names of the Secrets with the rest of the payload, in order, a line each
	payloadKey = "payload"
	writeKey   = "write" // different with each write, so that no write is one that changes nothing
)

func headName(app string) string { return prefix + app }

// NameOf is the name of the Secret that the record of an app is in, or begins in.
func NameOf(app string) string { return headName(app) }

// appOf returns the app that a Secret of this name is of; empty when it is none of ours. An app's name has no dot.
func appOf(name string) string {
	rest, isOurs := strings.CutPrefix(name, prefix)
	app, _, _ := strings.Cut(rest, ".")
	if !isOurs || checkApp(app) != nil {
		return ""
	}
	return app
}

func labels(app string) map[string]string {
	return map[string]string{appLabel: app, managerLabel: manager}
}

func (s *Store) secret(app, name string, data map[string][]byte) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name, Labels: labels(app)},
		Type:       SecretType,
		Data:       data,
	}
}

// written is one inventory as Secrets.
type written struct {
	head  *corev1.Secret
	parts []*corev1.Secret // to be written before the head
	sum   string
}

// divide lays the payload out, of that version of the format. The names of parts are new with each write, so that none is ever
// overwritten.
func (s *Store) divide(app string, version int, payload []byte) written {
	generation := strings.ToLower(rand.Text()[:10])
	chunks := slices.Collect(slices.Chunk(payload, partSize))
	w := written{sum: checksum(payload)}
	for i, chunk := range chunks[1:] {
		name := fmt.Sprintf("%s.%s.%d", headName(app), generation, i+1)
		w.parts = append(w.parts, s.secret(app, name, map[string][]byte{payloadKey: chunk}))
	}
	w.head = s.secret(app, headName(app), map[string][]byte{
		versionKey: []byte(strconv.Itoa(version)),
		sumKey:     []byte(w.sum),
		partsKey:   []byte(strings.Join(names(w.parts), "\n")),
		payloadKey: chunks[0],
		writeKey:   []byte(generation),
	})
	return w
}

func names(secrets []*corev1.Secret) []string {
	all := make([]string, len(secrets))
	for i, s := range secrets {
		all[i] = s.Name
	}
	return all
}

// partNames returns the parts that a head names. Names that are none of the app's are left out, so that a head that was
// tampered with cannot have other Secrets read or removed; [checkHead] says that they are there.
func partNames(app string, head *corev1.Secret) []string {
	all := strings.Fields(string(head.Data[partsKey]))
	return slices.DeleteFunc(all, func(name string) bool { return !strings.HasPrefix(name, headName(app)+".") })
}

// checkHead says whether this Lockstep can read the app's head.
func checkHead(app string, head *corev1.Secret) error {
	if head.Type != SecretType {
		return errors.New("the Secret is of another type")
	}
	found, err := strconv.Atoi(string(head.Data[versionKey]))
	switch {
	case err != nil || found < 1:
		return errors.New("no version")
	case found > version:
		return ErrNewer
	case len(strings.Fields(string(head.Data[partsKey]))) != len(partNames(app, head)):
		return errors.New("it names a part that is none of its own")
	}
	return nil
}

// join puts the payload of a head and its parts together, in the order of names.
func join(head *corev1.Secret, names []string, parts map[string]*corev1.Secret) ([]byte, error) {
	chunks := [][]byte{head.Data[payloadKey]}
	for _, name := range names {
		part, ok := parts[name]
		if !ok {
			return nil, fmt.Errorf("part %s is missing", name)
		}
		chunks = append(chunks, part.Data[payloadKey])
	}
	payload := bytes.Join(chunks, nil)
	if checksum(payload) != string(head.Data[sumKey]) {
		return nil, errors.New("checksum differs")
	}
	return payload, nil
}

func checksum(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}
