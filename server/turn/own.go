package turn

import (
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// interfacesFor is how long the list of this machine's addresses is believed.
const interfacesFor = 5 * time.Second

// own knows the addresses of this machine. Its methods may be called from any goroutine.
type own struct {
	public map[netip.Addr]bool // those that are told to clients
	now    atomic.Pointer[interfaces]
}

type interfaces struct {
	has map[netip.Addr]bool
	at  time.Time
}

func newOwn(public []netip.Addr) (*own, error) {
	o := &own{public: map[netip.Addr]bool{}}
	for _, a := range public {
		o.public[a] = true
	}
	list, err := readInterfaces()
	o.now.Store(list)
	return o, err
}

func readInterfaces() (*interfaces, error) {
	addresses, err := net.InterfaceAddrs()
	list := &interfaces{has: map[netip.Addr]bool{}, at: time.Now()}
	for _, a := range addresses {
		if network, err := netip.ParsePrefix(a.String()); err == nil {
			list.has[network.Addr().Unmap().WithZone("")] = true
		}
	}
	return list, err
}

// local reports whether an address is one of an interface of this machine.
func (o *own) local(a netip.Addr) bool {
	list := o.now.Load()
	if time.Since(list.at) > interfacesFor {
		if newer, err := readInterfaces(); err == nil {
			o.now.Store(newer)
			list = newer
		}
	}
	return list.has[a]
}

// is reports whether what is sent to an address comes to this machine.
func (o *own) is(a netip.Addr) bool {
	return o.public[a] || a.IsLoopback() || a.IsUnspecified() || o.local(a)
}
