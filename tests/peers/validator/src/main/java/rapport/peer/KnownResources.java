package rapport.peer;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r5.elementmodel.Element;
import org.hl7.fhir.r5.elementmodel.Manager;
import org.hl7.fhir.r5.elementmodel.Manager.FhirFormat;
import org.hl7.fhir.r5.elementmodel.ValidatedFragment;
import org.hl7.fhir.r5.model.CanonicalResource;
import org.hl7.fhir.r5.model.CanonicalType;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.r5.utils.validation.IValidatorResourceFetcher;

/** The files given, as the server that references lead to. */
final class KnownResources {
  private static final Pattern LITERAL = Pattern.compile("(?:.*/)?([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/.*)?");

  private final Map<String, String> byReference = new HashMap<>();

  /** Take in a resource, given as JSON; one without an id cannot be referred to. */
  void add(String text) {
    JsonObject resource = JsonParser.parseString(text).getAsJsonObject();
    if (resource.has("resourceType") && resource.has("id")) {
      byReference.put(resource.get("resourceType").getAsString() + "/" + resource.get("id").getAsString(), text);
    }
  }

  IValidatorResourceFetcher fetcher(FhirInstanceValidator module) {
    return new Fetcher(module);
  }

  private final class Fetcher implements IValidatorResourceFetcher {
    private final FhirInstanceValidator module;

    Fetcher(FhirInstanceValidator module) {
      this.module = module;
    }

    @Override
    public Element fetch(IResourceValidator validator, Object application, String url) throws IOException {
      Matcher literal = LITERAL.matcher(url);
      String text = literal.matches() ? byReference.get(literal.group(1)) : null;
      if (text == null) {
        return null;
      }
      List<ValidatedFragment> read =
          Manager.parse(module.getWorkerContext(), new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), FhirFormat.JSON);
      return read.get(0).getElement();
    }

    /** Addresses that are no references (systems, canonicals) are not looked up: what they must be is checked elsewhere. */
    @Override
    public boolean resolveURL(
        IResourceValidator validator, Object application, String path, String url, String type, boolean canonical, List<CanonicalType> targets) {
      return true;
    }

    @Override
    public byte[] fetchRaw(IResourceValidator validator, String url) {
      throw new UnsupportedOperationException("no binary is referred to");
    }

    @Override
    public IValidatorResourceFetcher setLocale(Locale locale) {
      return this;
    }

    @Override
    public CanonicalResource fetchCanonicalResource(IResourceValidator validator, Object application, String url) {
      return null;
    }

    @Override
    public boolean fetchesCanonicalResource(IResourceValidator validator, String url) {
      return false;
    }

    @Override
    public Set<ResourceVersionInformation> fetchCanonicalResourceVersions(IResourceValidator validator, Object application, String url) {
      return Set.of();
    }
  }
}
